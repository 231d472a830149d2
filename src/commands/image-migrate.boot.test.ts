import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type BuiltFixture, defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { withNonce } from '../../fixtures/nonce.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { findCloud } from './find-cloud.ts'
import { migrateImage } from './image-migrate.ts'
import { upload } from './image-upload.ts'

/** A migrated image boots from the bytes that the other cloud had: the guest tells a nonce that only those hold. */
const work = mkdtempSync(join(tmpdir(), 'migrate-boot-'))
const never = new AbortController().signal
const fidelities = ['eucalyptus', 'aws'] as const
const emulators: Emulator[] = []
const clouds = {} as Record<(typeof fidelities)[number], CloudAccess>
let fixtures: BuiltFixture[]

beforeAll(async () => {
  fixtures = await installedFixtures(defaultCache())
  if (fixtures.length === 0) throw new Error('run "euca-emu fixtures build" first')
  for (const fidelity of fidelities) {
    const data = join(work, fidelity)
    emulators.push(await startEmulator({ catalog: false, data, port: 0, fidelity, accelerator: 'tcg' }))
    clouds[fidelity] = await findCloud(data, data)
  }
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterAll(async () => {
  vi.restoreAllMocks()
  for (const emulator of emulators) await emulator.stop(AbortSignal.abort())
  rmSync(work, { recursive: true })
})

async function register(cloud: CloudAccess, image: string, also = {}, parameters = {}): Promise<string> {
  const Name = `image-${randomBytes(4).toString('hex')}`
  const ImageLocation = await upload({ bucket: 'before', image, prefix: Name, ...also }, cloud, never)
  return text(await cloud.ec2.call('RegisterImage', { Name, ImageLocation, ...parameters }), 'imageId') ?? ''
}

/** Registers the starter image of that virtualization with a nonce in its bytes. */
async function starterImage(cloud: CloudAccess, virtualization: 'hvm' | 'paravirtual', nonce: string): Promise<string> {
  const fixture = fixtures.find((one) => one.virtualization === virtualization)
  if (!fixture) throw new Error(`there is no ${virtualization} starter image`)
  const root = join(work, nonce)
  await withNonce(fixture.virtualization === 'hvm' ? fixture.files.disk : fixture.files.root, root, nonce)
  const VirtualizationType = fixture.virtualization
  if (fixture.virtualization === 'hvm') return register(cloud, root, {}, { VirtualizationType })
  const KernelId = await register(cloud, fixture.files.kernel, { kernel: 'true' })
  const RamdiskId = await register(cloud, fixture.files.ramdisk, { ramdisk: 'true' })
  return register(cloud, root, {}, { VirtualizationType, KernelId, RamdiskId })
}

test.each([
  ['hvm', 'eucalyptus', 'aws'],
  ['paravirtual', 'aws', 'eucalyptus'],
] as const)('an image, %s, moved from %s to %s boots there', async (virtualization, from, to) => {
  const nonce = randomBytes(16).toString('hex')
  const image = await starterImage(clouds[from], virtualization, nonce)
  const ends = { from: clouds[from], to: clouds[to] }
  const moved = JSON.parse(await migrateImage({ image, bucket: 'moved', json: true }, ends, never)) as { id: string }[]
  const ImageId = moved.at(-1)?.id
  const answer = await clouds[to].ec2.call('RunInstances', {
    ImageId,
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 'm1.small',
  })
  const InstanceId = text(list(answer, 'instancesSet')[0], 'instanceId') ?? ''
  await vi.waitFor(
    async () => {
      const output = text(await clouds[to].ec2.call('GetConsoleOutput', { InstanceId }), 'output') ?? ''
      const shown = Buffer.from(output, 'base64').toString()
      expect(shown).toContain(nonce)
      expect(shown).toContain('login:')
    },
    { timeout: 300_000, interval: 500 },
  )
  await clouds[to].ec2.call('TerminateInstances', { InstanceId: [InstanceId] })
})
