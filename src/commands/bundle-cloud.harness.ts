import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, onTestFinished, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { readDataFolder } from './data-folder.ts'
import { writeEucarc } from './eucarc.ts'
import { findCloud } from './find-cloud.ts'

/** An emulator that boots nothing, for the tests of a file about bundles. */
export interface BundleCloud {
  readonly emulator: Emulator
  /** The emulator as a user with a certificate sees it. */
  readonly cloud: CloudAccess
  /** A folder for all tests, the emulator's data folder, and the folder of the user's eucarc. */
  readonly work: string
  readonly data: string
  readonly rc: string
  /** The path of an image: chance, a hole, chance; not a whole number of sectors. */
  readonly image: string
  /** A folder that is gone when the test is. */
  folder(): string
  /** A bucket's name that no other test has. */
  bucket(): string
  /** The keys in a bucket. */
  keys(bucket: string): Promise<string[]>
  /** Registers the bundle at a location and launches it; the state that the launch ends in. */
  launch(name: string, location: string): Promise<string>
}

/** A signal that nobody aborts. */
export const never: AbortSignal = new AbortController().signal

/** SHA-256 of a file, hex. */
export const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Starts the emulator; it stops when the file's tests are over. What commands tell of progress is not shown. */
export async function bundleCloud(): Promise<BundleCloud> {
  const work = mkdtempSync(join(tmpdir(), 'bundle-commands-'))
  const [data, rc, image] = [join(work, 'data'), join(work, 'rc'), join(work, 'disk.raw')]
  const emulator = await startEmulator({ catalog: false, data, port: 0, hypervisor: fakeHypervisor() })
  afterAll(async () => {
    await emulator.stop()
    rmSync(work, { recursive: true })
  })
  beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true))
  afterEach(() => void vi.restoreAllMocks())
  await writeEucarc(await readDataFolder(data), rc)
  const cloud = await findCloud(rc, data)
  writeFileSync(image, Buffer.concat([randomBytes(150_001), Buffer.alloc(300_000), randomBytes(1000)]))
  return {
    ...{ emulator, cloud, work, data, rc, image },
    folder() {
      const path = mkdtempSync(join(work, 'folder-'))
      onTestFinished(() => rmSync(path, { recursive: true }))
      return path
    },
    bucket: () => `bucket-${randomBytes(4).toString('hex')}`,
    async keys(bucket) {
      const answer = await cloud.objects().getObject(bucket, '', 1e6)
      return [...(answer?.toString() ?? '').matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? '')
    },
    async launch(Name, ImageLocation) {
      const registered = await cloud.ec2.call('RegisterImage', { Name, ImageLocation, VirtualizationType: 'hvm' })
      const asked = { ImageId: text(registered, 'imageId'), MinCount: 1, MaxCount: 1 }
      const answer = await cloud.ec2.call('RunInstances', asked)
      return untilOver(cloud, text(list(answer, 'instancesSet')[0], 'instanceId') ?? '')
    },
  }
}

/** The state that a launch ends in. */
export function untilOver(cloud: CloudAccess, id: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const answer = await cloud.ec2.call('DescribeInstances', { InstanceId: [id] })
      const state = text(list(list(answer, 'reservationSet')[0], 'instancesSet')[0], 'instanceState', 'name')
      if (state === 'running' || state === 'terminated') return state
      throw new Error(`still ${state}`)
    },
    { timeout: 20_000, interval: 50 },
  )
}
