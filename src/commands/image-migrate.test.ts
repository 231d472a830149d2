import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { unwrap } from '../bundle/cipher.ts'
import { BundleRefused } from '../bundle/refusal.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { list, text } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import { untilOver } from './bundle-cloud.harness.ts'
import { readDataFolder } from './data-folder.ts'
import { writeEucarc } from './eucarc.ts'
import { findCloud } from './find-cloud.ts'
import { migrateImage } from './image-migrate.ts'
import { unbundleImage } from './image-unbundle.ts'
import { upload } from './image-upload.ts'

const work = mkdtempSync(join(tmpdir(), 'migrate-'))
const fidelities = ['eucalyptus', 'aws'] as const
type Fidelity = (typeof fidelities)[number]
const data = (fidelity: Fidelity) => join(work, fidelity)
const emulators = await Promise.all(
  fidelities.map((fidelity) =>
    startEmulator({ catalog: false, data: data(fidelity), port: 0, fidelity, hypervisor: fakeHypervisor() }),
  ),
)
/** Each cloud as a user with a certificate sees it. */
const clouds = {} as Record<Fidelity, CloudAccess>
for (const fidelity of fidelities) {
  const rc = join(work, `${fidelity}-rc`)
  await writeEucarc(await readDataFolder(data(fidelity)), rc)
  clouds[fidelity] = await findCloud(rc, data(fidelity))
}
afterAll(async () => {
  for (const emulator of emulators) await emulator.stop()
  rmSync(work, { recursive: true })
})
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true))
afterEach(() => void vi.restoreAllMocks())

const never = new AbortController().signal
const bytesOf = { root: randomBytes(120_000), vmlinuz: randomBytes(30_001), initrd: randomBytes(20_000) }
for (const [name, bytes] of Object.entries(bytesOf)) writeFileSync(join(work, name), bytes)
const fresh = (what: string) => `${what}-${randomBytes(4).toString('hex')}`

async function register(cloud: CloudAccess, role: keyof typeof bytesOf, parameters: Record<string, string> = {}) {
  const kind = { root: {}, vmlinuz: { kernel: 'true' }, initrd: { ramdisk: 'true' } }[role]
  const ImageLocation = await upload({ bucket: fresh('from'), image: join(work, role), ...kind }, cloud, never)
  const answer = await cloud.ec2.call('RegisterImage', { Name: fresh(role), ImageLocation, ...parameters })
  return text(answer, 'imageId') ?? ''
}

async function paravirtual(cloud: CloudAccess): Promise<string> {
  const ids = { KernelId: await register(cloud, 'vmlinuz'), RamdiskId: await register(cloud, 'initrd') }
  return register(cloud, 'root', { ...ids, VirtualizationType: 'paravirtual', Description: 'as it was' })
}

const hvm = (cloud: CloudAccess, also = {}) => register(cloud, 'root', { VirtualizationType: 'hvm', ...also })

async function describeImage(cloud: CloudAccess, id: string | undefined) {
  return list(await cloud.ec2.call('DescribeImages', { ImageId: [id] }), 'imagesSet')[0]
}

interface MovedLine {
  readonly from: string
  readonly id: string
  readonly name: string
  readonly location: string
}

async function move(from: Fidelity, to: Fidelity, image: string, also = {}): Promise<MovedLine[]> {
  const asked = { image, bucket: 'moved', json: true, ...also }
  return JSON.parse(await migrateImage(asked, { from: clouds[from], to: clouds[to] }, never)) as MovedLine[]
}

/** What is unpacked from a location with the private key that a file holds. */
async function unpacked(cloud: CloudAccess, location: string, privatekey: string): Promise<Buffer> {
  const [bucket = '', manifest = ''] = location.split('/')
  const destination = mkdtempSync(join(work, 'unpacked-'))
  const path = await unbundleImage({ bucket, manifest, privatekey, destination }, async () => cloud, never)
  return readFileSync(path)
}

async function boots(cloud: CloudAccess, ImageId: string | undefined): Promise<string> {
  const answer = await cloud.ec2.call('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 })
  const id = text(list(answer, 'instancesSet')[0], 'instanceId') ?? ''
  return untilOver(cloud, id)
}

describe.each<[Fidelity, Fidelity]>([
  ['eucalyptus', 'aws'],
  ['aws', 'eucalyptus'],
])('from %s to %s', (from, to) => {
  const letter = to === 'aws' ? 'a' : 'e'

  test('an HVM image arrives byte for byte, for the keys of the other cloud and its user, and launches there', async () => {
    const image = await hvm(clouds[from])
    const [moved, ...more] = await move(from, to, image)
    expect(more).toEqual([])
    expect(moved).toMatchObject({ from: image, id: expect.stringMatching(`^${letter}mi-`) })
    const before = await describeImage(clouds[from], image)
    expect(await describeImage(clouds[to], moved?.id)).toMatchObject({
      name: text(before, 'name'),
      virtualizationType: 'hvm',
      architecture: 'x86_64',
      imageLocation: moved?.location,
    })
    for (const key of [join(data(to), 'cloud-pk.pem'), join(work, `${to}-rc`, 'user-pk.pem')]) {
      expect((await unpacked(clouds[to], moved?.location ?? '', key)).equals(bytesOf.root)).toBe(true)
    }
    expect(await boots(clouds[to], moved?.id)).toBe('running')
  })

  test('a paravirtual image takes its kernel and its ramdisk along', async () => {
    const moved = await move(from, to, await paravirtual(clouds[from]), { name: fresh('para') })
    expect(moved.map(({ id }) => id.slice(0, 3))).toEqual([`${letter}ki`, `${letter}ri`, `${letter}mi`])
    const [kernel, ramdisk, machine] = moved
    expect(await describeImage(clouds[to], machine?.id)).toMatchObject({
      kernelId: kernel?.id,
      ramdiskId: ramdisk?.id,
      virtualizationType: 'paravirtual',
      description: 'as it was',
    })
    const key = join(data(to), 'cloud-pk.pem')
    const arrived = moved.map(({ location }) => unpacked(clouds[to], location, key))
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect((await Promise.all(arrived)).map(digest)).toEqual(
      [bytesOf.vmlinuz, bytesOf.initrd, bytesOf.root].map(digest),
    )
    expect(await boots(clouds[to], machine?.id)).toBe('running')
  })

  test('a kernel and a ramdisk of the other cloud serve instead', async () => {
    const ids = { kernel: await register(clouds[to], 'vmlinuz'), ramdisk: await register(clouds[to], 'initrd') }
    const moved = await move(from, to, await paravirtual(clouds[from]), { ...ids, name: fresh('para') })
    expect(moved).toHaveLength(1)
    expect(await describeImage(clouds[to], moved[0]?.id)).toMatchObject({
      kernelId: ids.kernel,
      ramdiskId: ids.ramdisk,
    })
  })
})

/** All that a migration could leave at a cloud. */
async function everything(cloud: CloudAccess): Promise<string[]> {
  const images = list(await cloud.ec2.call('DescribeImages', { Owner: ['self'] }), 'imagesSet')
  const listing = (await cloud.objects().getObject('moved', '', 1e7))?.toString() ?? ''
  return [...images.map((one) => text(one, 'imageId') ?? ''), ...listing.split('<Key>').slice(1)].sort()
}

describe('nothing is left at the other cloud', () => {
  const { eucalyptus: from, aws: to } = clouds

  test('by a dry run, which says what would move', async () => {
    const image = await paravirtual(from)
    const before = await everything(to)
    const asked = { image, bucket: 'moved', dryRun: true }
    const told = await migrateImage(asked, { from, to }, never)
    expect(told).toMatch(
      /^would move to .* \(account \d{12}, bucket moved\):\neki-.*\neri-.*\nemi-.*paravirtual.*x86_64/,
    )
    expect(JSON.parse(await migrateImage({ ...asked, json: true }, { from, to }, never)).moves).toHaveLength(3)
    expect(await everything(to)).toEqual(before)
  })

  test.each<[string, () => Promise<object>, RegExp]>([
    ['an image that is not there', async () => ({ image: 'emi-00000000' }), /emi-00000000/],
    [
      'a bundle whose manifest is gone',
      async () => {
        const image = await hvm(from)
        const [bucket = '', key = ''] = (text(await describeImage(from, image), 'imageLocation') ?? '').split('/')
        await from.objects().removeObject(bucket, key)
        return { image }
      },
      /^the bundle of emi-\w+ is gone: there is no manifest/,
    ],
    [
      'a name that is taken',
      async () => {
        const [image, Name] = [await hvm(from), fresh('taken')]
        await hvm(to, { Name })
        return { image, name: Name }
      },
      /^ami-\w+ of .* has the name taken-\w+ already: choose another with --name$/,
    ],
    ['a name that cannot be one', async () => ({ image: await hvm(from), name: 'a b' }), /"a b": choose one/],
    [
      'the key of another',
      async () => ({ image: await hvm(from), privatekey: join(work, 'aws-rc', 'user-pk.pem') }),
      /does not open with the private key/,
    ],
    [
      'a kernel that is gone',
      async () => {
        const image = await paravirtual(from)
        const kernel = text(await describeImage(from, image), 'kernelId')
        const [bucket = '', key = ''] = (text(await describeImage(from, kernel), 'imageLocation') ?? '').split('/')
        await from.objects().removeObject(bucket, key)
        return { image }
      },
      /^the kernel eki-\w+ of emi-\w+ cannot be moved: .*; name one of .* with --kernel$/,
    ],
    [
      'a kernel that the other cloud does not have',
      async () => ({ image: await paravirtual(from), kernel: 'aki-00000000', name: fresh('x') }),
      /aki-00000000/,
    ],
    [
      'a kernel that is none',
      async () => ({ image: await paravirtual(from), kernel: await hvm(to), name: fresh('x') }),
      /^ami-\w+ is no kernel of /,
    ],
  ])('by %s', async (_, prepare, message) => {
    const asked = { image: '', bucket: 'moved', ...(await prepare()) }
    const before = await everything(to)
    await expect(migrateImage(asked, { from, to }, never)).rejects.toThrow(message)
    expect(await everything(to)).toEqual(before)
  })

  test('by what the other cloud refuses at the end', async () => {
    const image = await paravirtual(from)
    const before = await everything(to)
    const call: typeof to.ec2.call = (action, parameters) =>
      action === 'RegisterImage' && parameters?.['VirtualizationType']
        ? Promise.reject(new Error('no more images'))
        : to.ec2.call(action, parameters)
    const full = { ...to, ec2: { ...to.ec2, call } }
    const moving = migrateImage({ image, bucket: 'moved', name: fresh('x') }, { from, to: full }, never)
    await expect(moving).rejects.toThrow('no more images')
    expect(await everything(to)).toEqual(before)
  })

  test('by a bundle whose archive turns out wrong only when all parts have been read', async () => {
    const image = await hvm(from)
    const [bucket = '', key = ''] = (text(await describeImage(from, image), 'imageLocation') ?? '').split('/')
    const manifest = (await from.objects().getObject(bucket, key, 1e6))?.toString() ?? ''
    const wrong = Buffer.from(manifest.replace(/(<type>machine<\/type><digest[^>]*>)..../, '$1beef'))
    await from.objects().putObject(bucket, key, wrong, wrong.length, {})
    const before = await everything(to)
    const moving = migrateImage({ image, bucket: 'moved' }, { from, to }, never)
    await expect(moving).rejects.toThrow('the unpacked archive does not have the digest')
    expect(await everything(to)).toEqual(before)
  })

  test('by an interruption when the kernel is registered already', async () => {
    const image = await paravirtual(from)
    const before = await everything(to)
    const interruption = new AbortController()
    let pieces = 0
    vi.spyOn(process.stderr, 'write').mockImplementation(() => {
      pieces += 1
      if (pieces === 2) interruption.abort(new Error('interrupted'))
      return true
    })
    const moving = migrateImage({ image, bucket: 'moved', name: fresh('cut') }, { from, to }, interruption.signal)
    await expect(moving).rejects.toThrow('interrupted')
    expect(pieces).toBe(2)
    expect(await everything(to)).toEqual(before)
  })
})

test('an image that starts by UEFI does so where it is moved to, and is not moved to where nothing does', async () => {
  const image = await hvm(clouds.aws, { BootMode: 'uefi' })
  const [moved] = await move('aws', 'aws', image, { name: fresh('uefi') })
  expect(text(await describeImage(clouds.aws, moved?.id), 'bootMode')).toBe('uefi')
  const before = await everything(clouds.eucalyptus)
  await expect(move('aws', 'eucalyptus', image)).rejects.toThrow('BootMode')
  expect(await everything(clouds.eucalyptus)).toEqual(before)
})

test('the AES key is a new one: who could open the bundle at one cloud cannot open it at the other', async () => {
  const [moved] = await move('eucalyptus', 'aws', await hvm(clouds.eucalyptus))
  const [bucket = '', key = ''] = moved?.location.split('/') ?? []
  const manifest = (await clouds.aws.objects().getObject(bucket, key, 1e6))?.toString() ?? ''
  const wrapped = /<ec2_encrypted_key[^>]*>(\w+)</.exec(manifest)?.[1] ?? ''
  const own = unwrap(wrapped, readFileSync(join(data('aws'), 'cloud-pk.pem'), 'utf8'))
  // A number above the other key's modulus is refused; below it, implicit rejection gives digits that open nothing.
  let others = 'refused'
  try {
    others = unwrap(wrapped, readFileSync(join(data('eucalyptus'), 'cloud-pk.pem'), 'utf8'))
  } catch (error) {
    expect(error).toBeInstanceOf(BundleRefused)
  }
  expect(own).toMatch(/^[0-9a-f]{32}$/)
  expect(others).not.toBe(own)
})
