import { expect, it } from 'vitest'
import { childrenNamed, getText, readXml } from '../../../src/protocol/xml-read.ts'
import type { ListedObject } from '../../objects/object-rows.ts'
import type { S3World } from '../operation.ts'
import { listingAnswer, objectWriter } from './listing-answer.ts'

const accounts = { byCanonicalId: (id: string) => (id === '1' ? { name: 'a & b' } : undefined) }
const world = { accounts } as unknown as S3World
const encode = (name: string) => name
const plain: ListedObject = { key: 'k', etag: 'ab', size: 3, lastModified: 0, owner: '1' }

it('writes an object as S3 does', () => {
  const object = { ...plain, key: 'a<b', lastModified: 1_800_000_000_007 }
  expect(objectWriter(world, { encode, withOwner: false })('Contents', object, '<X/>')).toBe(
    '<Contents><Key>a&lt;b</Key><LastModified>2027-01-15T08:00:00.007Z</LastModified><ETag>&quot;ab&quot;</ETag>' +
      '<Size>3</Size><StorageClass>STANDARD</StorageClass><X/></Contents>',
  )
  const summed = { ...object, checksum: { algorithm: 'crc32', type: 'COMPOSITE' } } as const
  expect(objectWriter(world, { encode, withOwner: true })('Version', summed)).toContain(
    '</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType><Size>3</Size>' +
      '<StorageClass>STANDARD</StorageClass><Owner><ID>1</ID><DisplayName>a &amp; b</DisplayName></Owner></Version>',
  )
})

it('names each owner and time, whatever came before', () => {
  const write = objectWriter(world, { encode, withOwner: true })
  const times = [0, 1, 999, 1000, 59_999, -1, 999, 253_402_300_799_999]
  const rows = times.map((lastModified, index) =>
    write('Contents', { ...plain, lastModified, owner: String(index % 3) }),
  )
  for (const [index, row] of rows.entries()) {
    expect(row).toContain(`<LastModified>${new Date(times[index] as number).toISOString()}</LastModified>`)
    expect(row).toContain(
      `<Owner><ID>${index % 3}</ID>${index % 3 === 1 ? '<DisplayName>a &amp; b</DisplayName>' : ''}<`,
    )
  }
})

it('has room for the longest keys, as many as a page can have', () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `${index}${'€&😀"'.repeat(100)}`)
  const entries = [...keys.map((key) => ({ name: key, row: { ...plain, key } })), { commonPrefix: 'é&/' }]
  const write = objectWriter(world, { encode, withOwner: true })
  const row = (object: ListedObject) => write('Contents', object)
  const { bytes, headers } = listingAnswer({ root: 'List', about: { Name: 'b' }, entries, encode, row })
  expect(headers).toEqual({ 'content-type': 'application/xml', 'content-length': String(bytes?.length) })
  const xml = readXml(bytes as Buffer, Number.MAX_SAFE_INTEGER)
  expect(xml.children.map(({ name }) => name)).toEqual(['Name', ...keys.map(() => 'Contents'), 'CommonPrefixes'])
  expect(childrenNamed(xml, 'Contents').map((one) => getText(one, 'Key'))).toEqual(keys)
  expect(getText(childrenNamed(xml, 'CommonPrefixes')[0] ?? xml, 'Prefix')).toBe('é&/')
})
