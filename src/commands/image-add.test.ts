import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Client } from 'minio'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { queryClient } from '../client/ec2.ts'
import type { ServiceError } from '../client/service-error.ts'
import { list, text } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import { qcow2 } from '../inspect/disks.harness.ts'
import { readDataFolder } from './data-folder.ts'
import { addImage } from './image-add.ts'
import { checkNames } from './image-pieces.ts'

/** Whether deleting objects fails, as when the connection is gone. */
const removal = vi.hoisted(() => ({ fails: false }))
vi.mock('../client/object-client.ts', async (load) => {
  const { objectClient } = await load<typeof import('../client/object-client.ts')>()
  const failing: typeof objectClient = (...asked) => {
    const client = objectClient(...asked)
    const removeObject: typeof client.removeObject = (...where) =>
      removal.fails ? Promise.reject(new Error('no connection')) : client.removeObject(...where)
    return { ...client, removeObject }
  }
  return { objectClient: failing }
})

const work = mkdtempSync(join(tmpdir(), 'image-add-'))
const data = join(work, 'data')
const emulator = await startEmulator({ catalog: false, data, port: 0, hypervisor: fakeHypervisor() })
const folder = await readDataFolder(data)
afterAll(async () => {
  await emulator.stop()
  rmSync(work, { recursive: true })
})

let told: string[]
beforeEach(() => {
  told = []
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => told.push(String(piece)) > 0)
})
afterEach(() => void vi.restoreAllMocks())

const { accessKeyId, secretAccessKey } = emulator.credentials
const ec2 = queryClient({
  ...{ accessKeyId, secretAccessKey, region: 'x', service: 'ec2', version: '2016-11-15' },
  endpoint: `${emulator.url}/services/compute`,
})
const { hostname, port } = new URL(emulator.url)
const s3 = new Client({
  endPoint: hostname,
  port: Number(port),
  useSSL: false,
  accessKey: accessKeyId,
  secretKey: secretAccessKey,
})

/** Everything that an image added could leave: images with their names and locations, objects with their ETags. */
async function everything(): Promise<string[]> {
  const images = list(await ec2.call('DescribeImages'), 'imagesSet')
  const objects = (await s3.bucketExists('images')) ? await s3.listObjectsV2('images', '', true).toArray() : []
  return [
    ...images.map((one) => `${text(one, 'imageId')} ${text(one, 'name')} ${text(one, 'imageLocation')}`),
    ...objects.map(({ name, etag }: { name: string; etag: string }) => `${name} ${etag}`),
  ].sort()
}
const found = async (id: string | undefined) =>
  list(await ec2.call('DescribeImages', { ImageId: [id] }), 'imagesSet')[0]

function file(name: string, bytes: Buffer = randomBytes(10_000)): string {
  const path = join(mkdtempSync(join(work, 'files-')), name)
  writeFileSync(path, bytes)
  return path
}

/** A disk with an EFI system partition and no code in its first sector. */
function uefiDisk(): string {
  const bytes = Buffer.alloc(2 ** 20)
  bytes.set([0xef], 446 + 4)
  bytes.writeUInt32LE(64, 446 + 8)
  bytes.writeUInt32LE(1024, 446 + 12)
  bytes.writeUInt16LE(0xaa55, 510)
  return file('uefi.img', bytes)
}
const image = { bucket: 'images', architecture: 'x86_64' }
const disk = (name: string) => addImage(folder, { ...image, files: [file('disk.raw')], type: 'hvm', name })

describe('an image is added', () => {
  test('as a disk', async () => {
    const [made, ...more] = await disk('disk')
    expect(more).toEqual([])
    expect(await found(made?.id)).toMatchObject({
      name: 'disk',
      virtualizationType: 'hvm',
      imageLocation: expect.stringMatching(/^images\/disk-[0-9a-f]{16}\.manifest\.xml$/),
    })
  })

  test('as kernel and ramdisk before the root that names them', async () => {
    const files = ['root', 'vmlinuz', 'initrd'].map((name) => file(name))
    const made = await addImage(folder, { ...image, files, type: 'paravirtual' })
    expect(made.map((one) => one.id.slice(0, 4))).toEqual(['eki-', 'eri-', 'emi-'])
    const root = await found(made[2]?.id)
    expect([text(root, 'name'), text(root, 'kernelId'), text(root, 'ramdiskId')]).toEqual([
      'root',
      made[0]?.id,
      made[1]?.id,
    ])
  })

  test('as what was packed', async () => {
    const packed = file('disk.img.gz')
    writeFileSync(packed, gzipSync(Buffer.concat([Buffer.alloc(300_000, 'x'), randomBytes(7)])))
    const [made] = await addImage(folder, { ...image, files: [packed], type: 'hvm', name: 'packed' })
    const [bucket = '', key = ''] = text(await found(made?.id), 'imageLocation')?.split(/\/(.*)/) ?? []
    const manifest = Buffer.concat(await (await s3.getObject(bucket, key)).toArray()).toString()
    expect(manifest).toContain('<size>300007</size>')
    expect(readdirSync(data).filter((name) => name.includes('work'))).toEqual([])
  })

  const long = 'a'.repeat(80)
  test.each([
    ['a slash where the other has a hyphen', 'a/b', 'a-b'],
    ['80 letters that the other has', `${long}-one`, `${long}-two`],
  ])('beside one whose name has %s', async (_what, first, second) => {
    const [one] = await disk(first)
    const before = await everything()
    const [other] = await disk(second)
    expect(await everything()).toEqual(expect.arrayContaining(before))
    expect(text(await found(one?.id), 'imageLocation')).not.toBe(text(await found(other?.id), 'imageLocation'))
  })
})

test('a disk that boots by UEFI only is added to a cloud of AWS, with its boot mode', async () => {
  const path = mkdtempSync(join(work, 'aws-'))
  const aws = await startEmulator({
    ...{ catalog: false, data: path, port: 0 },
    hypervisor: fakeHypervisor(),
    fidelity: 'aws',
  })
  onTestFinished(() => aws.stop())
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const [made] = await addImage(await readDataFolder(path), { ...image, files: [uefiDisk()], type: 'hvm' })
  expect(said).toHaveBeenCalledWith('uefi.img: it boots by UEFI only: it is registered with BootMode uefi')
  const client = queryClient({
    ...{ accessKeyId: aws.credentials.accessKeyId, secretAccessKey: aws.credentials.secretAccessKey },
    ...{ region: 'us-east-1', service: 'ec2', version: '2016-11-15', endpoint: `${aws.url}/services/compute` },
  })
  const [found] = list(await client.call('DescribeImages', { ImageId: [made?.id] }), 'imagesSet')
  expect(found).toMatchObject({ name: 'uefi.img', virtualizationType: 'hvm', bootMode: 'uefi' })
})

describe('nothing is changed by', () => {
  const empty = () => file('empty', Buffer.alloc(0))
  const good = () => file('good')
  test.each<[string, () => Partial<Parameters<typeof addImage>[1]>, RegExp]>([
    ['two files for a disk', () => ({ files: ['a', 'b'] }), /^--type hvm takes one file, the disk$/],
    [
      'one file for a root, its kernel and its ramdisk',
      () => ({ files: ['a'], type: 'paravirtual' }),
      /^--type paravirtual takes three files: the root file system, its kernel and its ramdisk$/,
    ],
    ['a file that is not there', () => ({ files: [join(work, 'missing')] }), /missing/],
    ['a folder', () => ({ files: [work] }), new RegExp(`^${work} is a folder$`)],
    ['a device', () => ({ files: ['/dev/null'] }), /^\/dev\/null is no regular file$/],
    ['a disk that boots by UEFI only', () => ({ files: [uefiDisk()] }), /^uefi.img cannot boot: it boots by UEFI only/],
    [
      'a file that rests on others',
      () => ({ files: [file('x.img', qcow2([[8, 8, 300]]))] }),
      /^\/.*x\.img \(qcow2\) is not/,
    ],
    [
      'an archive cut short',
      () => ({ files: [file('x.gz', gzipSync(randomBytes(9999)).subarray(0, 5000))] }),
      /^x\.gz \(gzip\)/,
    ],
    ['an empty file', () => ({ files: [empty()] }), /empty is empty$/],
    ['an empty kernel', () => ({ files: [good(), empty(), good()], type: 'paravirtual' }), /empty is empty$/],
    ['a name that is taken', () => ({ name: 'taken' }), /^emi-\w+ has the name taken already: choose another/],
    [
      'a taken name of a kernel',
      () => ({ files: [good(), good(), good()], type: 'paravirtual', name: 'para' }),
      /^emi-\w+ has the name para-kernel/,
    ],
    [
      'a name that cannot be one',
      () => ({ name: 'no good' }),
      /^"no good" cannot be an image's name: 3 to 128 letters/,
    ],
    [
      'a bucket that the cloud refuses',
      () => ({ bucket: '../x' }),
      /^the bucket \.\.\/x cannot be used: .*bucket is not valid/,
    ],
    ['what the cloud refuses at the end', () => ({ architecture: 'vax' }), /architecture/i],
  ])('%s', async (_what, also, message) => {
    const names = list(await ec2.call('DescribeImages'), 'imagesSet').map((one) => text(one, 'name'))
    for (const name of ['taken', 'para-kernel']) if (!names.includes(name)) await disk(name)
    const before = await everything()
    const adding = addImage(folder, { ...image, files: [good()], type: 'hvm', ...also() })
    await expect(adding).rejects.toThrow(message)
    expect(await everything()).toEqual(before)
  })

  test('an interruption, whatever is registered by then', async () => {
    const before = await everything()
    const interruption = new AbortController()
    vi.spyOn(process.stderr, 'write').mockImplementation((piece) => {
      if (String(piece).includes('third')) interruption.abort(new Error('interrupted'))
      return told.push(String(piece)) > 0
    })
    const files = ['third', 'first', 'second'].map((name) => file(name))
    const adding = addImage(folder, { ...image, files, type: 'paravirtual', name: 'cut' }, interruption.signal)
    await expect(adding).rejects.toThrow('interrupted')
    expect(told.join('')).toMatch(/first[\s\S]*second[\s\S]*third/)
    expect(await everything()).toEqual(before)
  })
})

test('what cannot be undone is told, and the failure that began it is thrown', async () => {
  removal.fails = true
  onTestFinished(() => {
    removal.fails = false
  })
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const adding = addImage(folder, { ...image, files: [file('x')], type: 'hvm', name: 'left', architecture: 'vax' })
  await expect(adding).rejects.toThrow(/architecture/i)
  expect(errors.mock.calls).toContainEqual(['objects of images could not be removed again: Error: no connection'])
})

test.each(['abc', 'A(1)./_-', 'x'.repeat(128), 'ab', 'x'.repeat(129), '', 'a b', 'ümlaut', 'a:b', 'a*b', 'a\nbc'])(
  'the name %j is refused before the upload when the cloud would refuse it after',
  async (name) => {
    const [mine, its] = await Promise.all([
      checkNames([{ file: 'x', kind: 'machine', name }], ec2).then(
        () => true,
        () => false,
      ),
      ec2.call('RegisterImage', { Name: name }).catch((error: ServiceError) => !/name/i.test(error.message)),
    ])
    expect(mine).toBe(its)
  },
)
