import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { described, importVolume, isOver, keysOf, presigned, told, uploadOf, volumeRequest } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const bytes = randomBytes(1_000_000)

describe('shape and refusals', () => {
  const url = presigned(eucalyptus, 'GET', 'b', 'k')
  test.each<[string, Record<string, string>, string, string]>([
    ['no zone', { AvailabilityZone: '' }, 'AvailabilityZone is required', 'MissingParameter'],
    [
      'an unknown zone',
      { AvailabilityZone: 'two' },
      'Availability zone two is not configured for import',
      'InvalidParameterValue',
    ],
    ['no format', { 'Image.Format': '' }, 'Image.Format is required', 'MissingParameter'],
    ['an unknown format', { 'Image.Format': 'VDI' }, 'Unsupported image format: VDI', 'InvalidParameterValue'],
    ['no manifest', { 'Image.ImportManifestUrl': '' }, 'Image.ImportManifestUrl is required', 'MissingParameter'],
    ['no bytes', { 'Image.Bytes': '' }, 'Image.Bytes is required', 'MissingParameter'],
    ['no volume', { 'Volume.Size': '' }, 'Volume.Size is required', 'MissingParameter'],
    [
      'an image larger than its volume',
      { 'Image.Bytes': String(2 ** 30 + 1) },
      'The image of 1073741825 bytes is larger than the volume of 1 GiB',
      'InvalidParameterValue',
    ],
  ])('%s', async (_title, parameters, message, code) => {
    const request = volumeRequest(url, 1000, parameters)
    expect(await eucalyptus.refusal('ImportVolume', request)).toBe(`500 400: ${message}`)
    expect(await aws.refusal('ImportVolume', request)).toMatch(new RegExp(`^400 ${code}: `))
  })

  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1:8774/services/objectstorage/b/k',
    'http://127.0.0.1:8773@10.0.0.1/b/k',
    'http://example.com:8773/services/objectstorage/b/k',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is no URL of this cloud', async (strange) => {
    const refusal = "The import manifest is not in this cloud's object storage"
    expect(await eucalyptus.refusal('ImportVolume', volumeRequest(strange, 1000))).toContain(`500 400: ${refusal}`)
    expect(await aws.refusal('ImportVolume', volumeRequest(strange, 1000))).toContain(
      `InvalidParameterValue: ${refusal}`,
    )
  })

  test('VHD is for aws only', async () => {
    expect(await eucalyptus.refusal('ImportVolume', volumeRequest(url, 1000, { 'Image.Format': 'VHD' }))).toBe(
      '500 400: Unsupported image format: VHD',
    )
    const answer = await aws.call('ImportVolume', volumeRequest(url, 1000, { 'Image.Format': 'VHD' }))
    await aws.call('CancelConversionTask', { ConversionTaskId: theText(answer, 'conversionTask', 'conversionTaskId') })
  })

  test('a volume beyond the limit', async () => {
    expect(await eucalyptus.refusal('ImportVolume', volumeRequest(url, 1000, { 'Volume.Size': '101' }))).toBe(
      '400 VolumeLimitExceeded: Max Volume Size Limit Exceeded',
    )
  })
})

describe.each(['eucalyptus', 'aws'] as const)('effect in %s', (fidelity) => {
  test('the volume is there when all parts are, and is whole', async () => {
    const it = await freshCloud({ fidelity })
    const as = await it.account('alice')
    const upload = uploadOf(it, { bytes, as })
    const request = volumeRequest(upload.url, bytes.length, { Description: 'mine' })
    const answer = await it.call('ImportVolume', request, as)
    const id = theText(answer, 'conversionTask', 'conversionTaskId')
    expect(id).toMatch(/^import-vol-[0-9a-f]{8}/)
    expect(deep(answer, 'conversionTask')).toMatchObject({
      expirationTime: fidelity === 'aws' ? '2026-01-08T00:00:00.000Z' : 'Thu Jan 08 00:00:00 UTC 2026',
      state: 'active',
      statusMessage: 'Pending import-image upload',
      importVolume: {
        bytesConverted: '0',
        availabilityZone: 'one',
        description: 'mine',
        image: { format: 'RAW', size: String(bytes.length), importManifestUrl: upload.url },
        volume: { size: '1' },
      },
    })
    await upload.manifest()
    for (let index = 0; index < upload.parts; index += 1) {
      await it.clock.advance(3_000)
      expect(await told(it, id)).toBe('active Pending import-image upload')
      expect(items(await it.call('DescribeVolumes', {}, as), 'volumeSet')).toEqual([])
      await upload.part(index)
    }
    await isOver(it, id)
    expect(await told(it, id)).toBe('completed Import task finished successfully')
    const volumeId = theText(await described(it, id), 'importVolume', 'volume', 'id')
    expect(theText(await described(it, id), 'importVolume', 'bytesConverted')).toBe(String(bytes.length))
    const [volume] = items(await it.call('DescribeVolumes', {}, as), 'volumeSet')
    expect(volume).toMatchObject({ volumeId, size: '1', status: 'available', snapshotId: '', availabilityZone: 'one' })
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots: 0 })
    // The client removes what it uploaded.
    expect(await keysOf(it, 'imports')).toHaveLength(upload.parts + 1)
    expect(readdirSync(it.cloud.files.conversions)).toEqual([])
  })

  test('by URLs of signature version 4', async () => {
    const it = await freshCloud({ fidelity })
    const upload = uploadOf(it, { bytes, signed: 'v4' })
    await upload.all()
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await isOver(it, id)
    expect(await told(it, id)).toMatch(/^completed/)
  })
})

describe('an import fails, and leaves nothing, when', () => {
  const edit = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to)
  test.each<[string, (text: string) => string, RegExp]>([
    ['the manifest is no XML', () => 'nonsense', /The import manifest cannot be read/],
    ['it is something else', () => '<CreateBucketConfiguration/>', /it is a CreateBucketConfiguration/],
    ['it has a document type', (text) => text.replace('<manifest>', '<!DOCTYPE manifest><manifest>'), /document types/],
    ['a part is missing in it', edit(/<part index="2">.*?<\/part>/s, ''), /it has 3 parts instead of 4/],
    ['it has a part twice', edit('<part index="2">', '<part index="1">'), /there is no place for a part 1/],
    ['it has a gap', edit('start="600000"', 'start="600001"'), /the parts do not follow each other at 600000/],
    ['it has no parts', edit(/<parts .*<\/parts>/s, '<parts count="0"/>'), /0 is no count of parts/],
    ['it has a size of no number', edit('end="299999"', 'end="1e9"'), /the end of a part is no number/],
    ['it is of another format', edit('>RAW<', '>VMDK<'), /The import manifest is of a VMDK file/],
    [
      'a part is elsewhere',
      edit(/<get-url>[^<]*/, '<get-url>http://169.254.169.254/latest/'),
      /The part at http:\/\/169.254.169.254\/latest\/ is not in this cloud/,
    ],
    [
      'a part cannot be read with its URL',
      edit(/(<get-url>[^<]*Signature=)[^<]{4}/, '$1AAAA'),
      /The part 0 cannot be read: denied/,
    ],
  ])('%s', async (_title, change, reason) => {
    const upload = uploadOf(eucalyptus, { bytes })
    await upload.all()
    await upload.manifest(change)
    const id = await importVolume(eucalyptus, volumeRequest(upload.url, bytes.length))
    await isOver(eucalyptus, id)
    expect(await told(eucalyptus, id)).toMatch(/^cancelled Image conversion failed: /)
    expect(await told(eucalyptus, id)).toMatch(reason)
    expect(await eucalyptus.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
    expect(readdirSync(eucalyptus.cloud.files.conversions)).toEqual([])
    expect(items(await eucalyptus.call('DescribeVolumes'), 'volumeSet')).toEqual([])
  })

  test.each<[string, number]>([
    ['a part is too short', 299_999],
    ['a part is too long', 300_001],
  ])('%s', async (_title, length) => {
    const upload = uploadOf(eucalyptus, { bytes })
    await upload.all()
    await upload.part(1, randomBytes(length))
    const id = await importVolume(eucalyptus, volumeRequest(upload.url, bytes.length))
    await isOver(eucalyptus, id)
    expect(await told(eucalyptus, id)).toBe(
      `cancelled Image conversion failed: The part 1 has ${length} bytes, not 300000`,
    )
    expect(await eucalyptus.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
  })

  test('the file is larger than its volume, whatever was said', async () => {
    const it = eucalyptus
    const upload = uploadOf(it, { bytes: Buffer.alloc(10), partBytes: 10 })
    const large = edit('end="9"', `end="${2 ** 30 + 9}"`)
    await upload.all()
    await upload.manifest(large)
    const id = await importVolume(it, volumeRequest(upload.url, 10))
    await isOver(it, id)
    expect(await told(it, id)).toMatch(/^cancelled Image conversion failed: The part 0 has 10 bytes/)
  })

  test('a VMDK is none', async () => {
    const upload = uploadOf(eucalyptus, { bytes, format: 'VMDK' })
    await upload.all()
    const id = await importVolume(eucalyptus, volumeRequest(upload.url, bytes.length, { 'Image.Format': 'VMDK' }))
    await isOver(eucalyptus, id)
    expect(await told(eucalyptus, id)).toBe('cancelled Image conversion failed: the file is not vmdk but raw')
  })

  test('there is no room for one more volume by then', async () => {
    const it = await freshCloud()
    const upload = uploadOf(it, { bytes })
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    for (let index = 0; index < 5; index += 1) await it.call('CreateVolume', { AvailabilityZone: 'one', Size: '100' })
    await upload.all()
    await isOver(it, id)
    expect(await told(it, id)).toBe('cancelled Image conversion failed: Total Volume Size Limit Exceeded')
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 5, snapshots: 0 })
  })
})

test('another account cannot have an object imported that it may not read', async () => {
  const [alice, bob] = [await aws.account('alice'), await aws.account('bob')]
  const upload = uploadOf(aws, { bytes, as: alice, signer: bob })
  await upload.all()
  const id = await importVolume(aws, volumeRequest(upload.url, bytes.length), bob)
  await aws.clock.advance(60_000)
  expect(aws.cloud.conversionTasks.get(id)?.state).toBe('new')
})
