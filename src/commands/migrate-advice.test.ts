import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { dataFiles } from '../../emulator/state/files.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { cloudAccess } from './cloud-access.ts'
import { findCloud } from './find-cloud.ts'
import { migrateImage } from './image-migrate.ts'
import { upload } from './image-upload.ts'

/** Migrations as who has no key but that of a session, at either cloud, and what they are told of the images. */
const work = mkdtempSync(join(tmpdir(), 'migrate-advice-'))
const never = new AbortController().signal
const emulators: Emulator[] = []
const clouds = {} as Record<'eucalyptus' | 'aws', CloudAccess>

/** The clients of a session of a new role that may use EC2 and Object Storage, with the cloud's own key. */
async function sessionAt({ url, credentials }: Emulator, data: string): Promise<CloudAccess> {
  const { accountId, accessKeyId, secretAccessKey } = credentials
  const target = { accessKeyId, secretAccessKey, endpoint: url, region: 'us-east-1' }
  const iam = queryClient({ ...target, service: 'iam', version: '2010-05-08' })
  const sts = queryClient({ ...target, service: 'sts', version: '2011-06-15' })
  const policy = (statement: object) => JSON.stringify({ Statement: [{ Effect: 'Allow', ...statement }] })
  const AssumeRolePolicyDocument = policy({ Principal: { AWS: accountId }, Action: 'sts:AssumeRole' })
  const role = await iam.call('CreateRole', { RoleName: 'mover', AssumeRolePolicyDocument })
  const PolicyDocument = policy({ Action: ['ec2:*', 's3:*'], Resource: '*' })
  await iam.call('PutRolePolicy', { RoleName: 'mover', PolicyName: 'all', PolicyDocument })
  const RoleArn = text(role, 'CreateRoleResult', 'Role', 'Arn')
  const answer = await sts.call('AssumeRole', { RoleArn, RoleSessionName: 'moving' })
  const key = (name: string) => text(answer, 'AssumeRoleResult', 'Credentials', name)
  const environment = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: key('AccessKeyId'),
    AWS_SECRET_ACCESS_KEY: key('SecretAccessKey'),
    AWS_SESSION_TOKEN: key('SessionToken'),
    EUCALYPTUS_CERT: dataFiles(data).cloudCertificate,
  }
  return cloudAccess({ name: 'a session', environment, cloudKey: dataFiles(data).cloudKey })
}

beforeAll(async () => {
  for (const fidelity of ['eucalyptus', 'aws'] as const) {
    const data = join(work, fidelity)
    const emulator = await startEmulator({ catalog: false, data, port: 0, fidelity, hypervisor: fakeHypervisor() })
    emulators.push(emulator)
    clouds[fidelity] = await sessionAt(emulator, data)
  }
  vi.stubEnv('TMPDIR', mkdtempSync(join(work, 'temporary-')))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterAll(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  for (const emulator of emulators) await emulator.stop()
  rmSync(work, { recursive: true })
})

/** A disk with one partition, which nothing boots. */
function disk(): Buffer {
  const bytes = Buffer.alloc(2 ** 20)
  bytes.set([0x80, 0, 0, 0, 0x83, 0, 0, 0], 446)
  bytes.writeUInt32LE(63, 454)
  bytes.writeUInt32LE(1000, 458)
  bytes.writeUInt16LE(0xaa55, 510)
  return bytes
}

let count = 0
async function register(cloud: CloudAccess, bytes: Buffer, kind: object, parameters: Record<string, string> = {}) {
  count += 1
  const image = join(work, `image-${count}`)
  writeFileSync(image, bytes)
  const ImageLocation = await upload({ bucket: `from-${count}`, image, ...kind }, cloud, never)
  return text(
    await cloud.ec2.call('RegisterImage', { Name: `image-${count}`, ImageLocation, ...parameters }),
    'imageId',
  )
}

const hvm = (cloud: CloudAccess, bytes: Buffer) => register(cloud, bytes, {}, { VirtualizationType: 'hvm' })

async function paravirtual(cloud: CloudAccess) {
  const KernelId = await register(cloud, Buffer.alloc(5000, 'kernel'), { kernel: 'true' })
  const RamdiskId = await register(cloud, Buffer.alloc(4096), { ramdisk: 'true' })
  const ids = { KernelId: KernelId ?? '', RamdiskId: RamdiskId ?? '' }
  return register(cloud, Buffer.alloc(70_000, 'root'), {}, { ...ids, VirtualizationType: 'paravirtual' })
}

const noLoader = 'no boot loader was found: as an HVM image it will not start'

test.each([
  ['eucalyptus', 'aws'],
  ['aws', 'eucalyptus'],
] as const)('from %s to %s, a run and a dry run say what speaks against the image', async (from, to) => {
  const image = (await hvm(clouds[from], disk())) ?? ''
  const ends = { from: clouds[from], to: clouds[to] }
  const dry = await migrateImage({ image, bucket: 'moved', dryRun: true }, ends, never)
  expect(dry.split('\n').slice(2)).toEqual([`advice for ${image}:`, `  - ${noLoader}`, ''])
  const { moves } = JSON.parse(await migrateImage({ image, bucket: 'moved', dryRun: true, json: true }, ends, never))
  expect(moves).toMatchObject([{ id: image, advice: [noLoader] }])
  const moved = await migrateImage({ image, bucket: 'moved' }, ends, never)
  expect(moved).toContain(`\nadvice for ${image}:\n  - ${noLoader}\n`)
  const [id = ''] = moved.split(' ')
  expect(list(await clouds[to].ec2.call('DescribeImages', { ImageId: [id] }), 'imagesSet')).toHaveLength(1)
  expect(readdirSync(tmpdir())).toEqual([])
})

test('of a paravirtual image the root and the ramdisk are looked into, for what they are', async () => {
  // Only administrators register kernels, which no session is.
  const data = join(work, 'eucalyptus')
  const image = (await paravirtual(await findCloud(data, data))) ?? ''
  const ends = { from: clouds.eucalyptus, to: clouds.aws }
  const { moves } = JSON.parse(await migrateImage({ image, bucket: 'moved', dryRun: true, json: true }, ends, never))
  expect(moves.map(({ advice }: { advice: string[] }) => advice)).toEqual([
    [],
    [expect.stringMatching(/^it has no virtio_blk, virtio_pci, virtio_net: unless its kernel/)],
    ['it is no ext2, ext3 or ext4 file system (none is known)'],
  ])
})

test('nothing is left of a migration that is broken off', async () => {
  const image = (await hvm(clouds.eucalyptus, disk())) ?? ''
  const ends = { from: clouds.eucalyptus, to: clouds.aws }
  const interruption = new AbortController()
  vi.mocked(process.stderr.write).mockImplementationOnce(() => {
    interruption.abort(new Error('interrupted'))
    return true
  })
  const moving = migrateImage({ image, bucket: 'moved', name: 'cut', dryRun: true }, ends, interruption.signal)
  await expect(moving).rejects.toThrow('interrupted')
  expect(readdirSync(tmpdir())).toEqual([])
})
