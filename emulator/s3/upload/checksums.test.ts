import { expect, it } from 'vitest'
import { type ChecksumAlgorithm, checksumOfParts, startChecksum } from '../../../src/protocol/signature/checksums.ts'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3('aws', 'us-east-1')

const large = Buffer.alloc(5 * 1024 * 1024, 'abc')
const bodies = [large, Buffer.from('end')]

const sumOf = (algorithm: ChecksumAlgorithm, ...pieces: Buffer[]) => {
  const sum = startChecksum(algorithm)
  for (const piece of pieces) sum.update(piece)
  return sum.digest().toString('base64')
}

const begin = async (headers: Record<string, string>) => {
  await call('PUT /mine')
  return call('POST /mine/key?uploads', { headers })
}
const put = (id: string, partNumber: number, body: Buffer, headers: Record<string, string> = {}) =>
  call(`PUT /mine/key?partNumber=${partNumber}&uploadId=${id}`, { body, headers })
const complete = (id: string, parts: string[], headers: Record<string, string> = {}) =>
  call(`POST /mine/key?uploadId=${id}`, {
    body: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
    headers,
  })

/** Begins an upload and sends both parts with their checksums; the parts are ready to be listed. */
async function upload(algorithm: ChecksumAlgorithm, headers: Record<string, string> = {}) {
  const name = algorithm.toUpperCase()
  const begun = await begin({ 'x-amz-checksum-algorithm': name, ...headers })
  const [id = ''] = begun.all('UploadId')
  const parts = await Promise.all(
    bodies.map(async (body, index) => {
      const value = sumOf(algorithm, body)
      const stored = await put(id, index + 1, body, { [`x-amz-checksum-${algorithm}`]: value })
      expect(stored.headers[`x-amz-checksum-${algorithm}`]).toBe(value)
      const fields = `<PartNumber>${index + 1}</PartNumber><ETag>${stored.headers.etag}</ETag>`
      return {
        value,
        bare: `<Part>${fields}</Part>`,
        full: `<Part>${fields}<Checksum${name}>${value}</Checksum${name}></Part>`,
      }
    }),
  )
  return { id, begun, parts }
}

it.each([
  ['crc32', 'COMPOSITE', {}],
  ['crc32', 'FULL_OBJECT', { 'x-amz-checksum-type': 'FULL_OBJECT' }],
  ['crc32c', 'FULL_OBJECT', { 'x-amz-checksum-type': 'FULL_OBJECT' }],
  ['crc64nvme', 'FULL_OBJECT', {}],
  ['sha1', 'COMPOSITE', {}],
  ['sha256', 'COMPOSITE', { 'x-amz-checksum-type': 'COMPOSITE' }],
] as const)('makes a checksum of %s that is %s', async (algorithm, type, headers) => {
  const { id, begun, parts } = await upload(algorithm, headers)
  const name = algorithm.toUpperCase()
  expect(begun.headers).toMatchObject({ 'x-amz-checksum-algorithm': name, 'x-amz-checksum-type': type })
  expect((await call('GET /mine?uploads')).all('ChecksumType')).toContain(type)
  const listed = await call(`GET /mine/key?uploadId=${id}`)
  expect([listed.all('ChecksumAlgorithm'), listed.all(`Checksum${name}`)]).toEqual([[name], parts.map((p) => p.value)])
  const whole =
    type === 'FULL_OBJECT'
      ? sumOf(algorithm, ...bodies)
      : checksumOfParts(
          algorithm,
          type,
          parts.map(({ value }) => ({ value, size: 0 })),
        )
  const sent = { [`x-amz-checksum-${algorithm}`]: whole, 'x-amz-mp-object-size': String(large.length + 3) }
  const made = await complete(
    id,
    parts.map(({ full }) => full),
    sent,
  )
  expect([made.all(`Checksum${name}`), made.all('ChecksumType')]).toEqual([[whole], [type]])
  const shown = await call('HEAD /mine/key', { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  expect(shown.headers).toMatchObject({ [`x-amz-checksum-${algorithm}`]: whole, 'x-amz-checksum-type': type })
  const inBucket = await call('GET /mine?list-type=2&prefix=key')
  expect([inBucket.all('ChecksumAlgorithm'), inBucket.all('ChecksumType')]).toEqual([[name], [type]])
  const copied = await call('PUT /mine/copy', { headers: { 'x-amz-copy-source': 'mine/key' } })
  expect([copied.all(`Checksum${name}`), copied.all('ChecksumType')]).toEqual([
    [sumOf(algorithm, ...bodies)],
    ['FULL_OBJECT'],
  ])
})

it.each([
  ['another checksum of the object', { 'x-amz-checksum-sha256': sumOf('sha256', large) }, 'full', 'BadDigest'],
  ['another algorithm', { 'x-amz-checksum-crc32': sumOf('crc32', large) }, 'full', 'InvalidRequest'],
  ['another type', { 'x-amz-checksum-type': 'FULL_OBJECT' }, 'full', 'InvalidRequest'],
  ['another size', { 'x-amz-mp-object-size': '1' }, 'full', 'InvalidRequest'],
  ['parts without checksums', {}, 'bare', 'InvalidRequest'],
] as const)('is not completed with %s', async (_, headers, form, code) => {
  const { id, parts } = await upload('sha256')
  expect(
    (
      await complete(
        id,
        parts.map((part) => part[form]),
        headers,
      )
    ).all('Code'),
  ).toEqual([code])
  expect(
    await complete(
      id,
      parts.map(({ full }) => full),
    ),
  ).toMatchObject({ status: 200 })
})

it('is not completed with the checksum of another part', async () => {
  const { id, parts } = await upload('crc32c')
  const [first, second] = parts
  const wrong = second?.full.replace(second.value, first?.value ?? '') ?? ''
  expect((await complete(id, [first?.full ?? '', wrong])).all('Code')).toEqual(['InvalidPart'])
})

it('computes checksums of parts that bring none only for the whole object', async () => {
  const full = await begin({ 'x-amz-checksum-algorithm': 'CRC64NVME' })
  expect(await put(full.all('UploadId')[0] ?? '', 1, large)).toMatchObject({ status: 200 })
  const [id = ''] = (await begin({ 'x-amz-checksum-algorithm': 'SHA1' })).all('UploadId')
  expect((await put(id, 1, large)).all('Code')).toEqual(['InvalidRequest'])
  const other = { 'x-amz-checksum-crc32': sumOf('crc32', large) }
  expect((await put(id, 1, large, other)).all('Code')).toEqual(['InvalidRequest'])
})

it('computes the checksum of a part that is copied', async () => {
  const [id = ''] = (await begin({ 'x-amz-checksum-algorithm': 'SHA256' })).all('UploadId')
  await call('PUT /mine/source', { body: '01234567' })
  const headers = { 'x-amz-copy-source': 'mine/source', 'x-amz-copy-source-range': 'bytes=2-4' }
  const copied = await call(`PUT /mine/key?partNumber=1&uploadId=${id}`, { headers })
  expect(copied.all('ChecksumSHA256')).toEqual([sumOf('sha256', Buffer.from('234'))])
})

it.each([
  ['an unknown algorithm', { 'x-amz-checksum-algorithm': 'CRC16' }],
  ['an unknown type', { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'SOME' }],
  ['a hash of the whole', { 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' }],
  ['a composite CRC64NVME', { 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'COMPOSITE' }],
  ['a type alone', { 'x-amz-checksum-type': 'COMPOSITE' }],
])('does not begin with %s', async (_, headers) => {
  expect((await begin(headers)).all('Code')).toEqual(['InvalidRequest'])
})

it('takes the last of two parts of one number in a list', async () => {
  const [id = ''] = (await begin({})).all('UploadId')
  await put(id, 1, Buffer.from('first'))
  const { headers } = await put(id, 1, Buffer.from('last'))
  const part = (etag: string) => `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`
  expect(await complete(id, [part('"0"'), part(headers.etag ?? '')])).toMatchObject({ status: 200 })
  expect(await call('GET /mine/key')).toMatchObject({ text: 'last' })
})

it('takes the checksum of a part from its trailer', async () => {
  const [id = ''] = (await begin({ 'x-amz-checksum-algorithm': 'CRC32C' })).all('UploadId')
  const value = sumOf('crc32c', Buffer.from('hello'))
  const trailing = (sent: string) => ({
    body: Buffer.from(`5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:${sent}\r\n\r\n`),
    headers: {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32c',
    },
  })
  const wrong = trailing(sumOf('crc32c', Buffer.from('other')))
  expect((await put(id, 1, wrong.body, wrong.headers)).all('Code')).toEqual(['BadDigest'])
  const right = trailing(value)
  const stored = await put(id, 1, right.body, right.headers)
  expect([stored.status, stored.headers['x-amz-checksum-crc32c']]).toEqual([200, value])
  expect((await call(`GET /mine/key?uploadId=${id}`)).all('ChecksumCRC32C')).toEqual([value])
})
