import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultCache, installedFixtures, tinyHvm } from '../fixtures/catalog.ts'
import { readXml } from '../src/client/xml.ts'
import { testSettings, theText } from './cloud.harness.ts'
import type { DiskLayer } from './disk/layer.ts'
import { instanceRequest, uploadOf, volumeRequest } from './ec2/task/task.harness.ts'
import { hostDown } from './machines/host.ts'
import { consoleShows } from './node/hypervisor.contract.ts'
import { qemuHypervisor } from './node/qemu.ts'
import { type OpenCloud, openCloud } from './open.ts'
import { queryServices, serveQuery } from './query-service.ts'
import { systemClock } from './state/clock.ts'
import { loadOperations } from './surface.ts'

/** Disk files that were imported boot: the same guest, as a raw file and as a stream-optimised VMDK. */
let folder: string
let opened: OpenCloud
const ec2 = { ...queryServices.ec2, operations: await loadOperations('ec2') }
const part = 10 * 2 ** 20

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-import,a:b-'))
  opened = await openCloud({
    settings: testSettings('eucalyptus'),
    data: join(folder, 'data'),
    clock: systemClock,
    hypervisor: ({ accelerator }) =>
      qemuHypervisor({ clock: systemClock, acceleratorCache: accelerator, accelerator: 'tcg' }),
    endpoint: () => 'http://127.0.0.1:8773/services/compute',
  })
})
afterEach(async () => {
  await hostDown(opened.host, AbortSignal.abort())
  await opened.close()
  await rm(folder, { recursive: true })
})

const administrator = () => ({ ...opened.credentials, administrator: true })

async function call(action: string, parameters: Record<string, string>) {
  const pairs = Object.entries({ Action: action, ...parameters })
  const { status, body } = await serveQuery(ec2, opened.cloud, pairs, { caller: administrator(), requestId: 'request' })
  expect(status, body).toBe(200)
  return readXml(body).content
}

/** The starter image's disk file. */
async function disk(): Promise<string> {
  const found = (await installedFixtures(defaultCache())).find(({ name }) => name === tinyHvm.name)
  if (found?.virtualization !== 'hvm') throw new Error('tiny-hvm is not built: "euca-emu fixtures build"')
  return found.files.disk
}

/** Imports one file; resolves with the task when it is completed. */
async function imported(action: string, parameters: Record<string, string>) {
  const id = theText(await call(action, parameters), 'conversionTask', 'conversionTaskId')
  await expect
    .poll(() => opened.cloud.conversionTasks.get(id), { timeout: 120_000, interval: 200 })
    .toMatchObject({ state: 'completed', message: 'Import task finished successfully' })
  const task = opened.cloud.conversionTasks.get(id)
  if (!task) throw new Error(`${id} is gone`)
  return task
}

const boots = (instanceId: string) =>
  consoleShows(opened.cloud.files.machine(instanceId).console, tinyHvm.bootLine, 300)

/** A disk as QEMU takes it. */
const node = ({ file: filename, ...layer }: DiskLayer): object => ({
  driver: layer.format,
  file: { driver: 'file', filename },
  ...(layer.format === 'qcow2' && { backing: layer.backing && node(layer.backing) }),
})

test('an imported instance: a stream-optimised VMDK becomes volume, snapshot, image and a guest that logs in', async () => {
  const [raw, vmdk] = [await disk(), join(folder, 'disk.vmdk')]
  await execa('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk])
  const [bytes, imageBytes] = [await readFile(vmdk), (await readFile(raw)).length]
  const upload = uploadOf(
    { cloud: opened.cloud, administrator: administrator() },
    { bytes, imageBytes, format: 'VMDK', partBytes: part },
  )
  await upload.all()
  const request = instanceRequest(upload.url, imageBytes, { 'DiskImage.1.Image.Format': 'VMDK' })
  const { instanceId = '', imageId, disks } = await imported('ImportInstance', request)
  await boots(instanceId)
  expect(opened.cloud.instances.get(instanceId)).toMatchObject({ imageId, rootDeviceType: 'ebs' })
  // What was imported is still what was in the file: the guest writes to a volume of its own.
  const layer = await opened.cloud.storage.volumeLayer(disks[0]?.volumeId ?? '')
  await execa('qemu-img', ['compare', '-F', 'raw', `json:${JSON.stringify(node(layer))}`, raw])
})

test('an imported volume: a raw file becomes a volume whose snapshot is an image that boots', async () => {
  const bytes = await readFile(await disk())
  const upload = uploadOf({ cloud: opened.cloud, administrator: administrator() }, { bytes, partBytes: part })
  await upload.all()
  const { disks } = await imported('ImportVolume', volumeRequest(upload.url, bytes.length))
  const VolumeId = disks[0]?.volumeId ?? ''
  const SnapshotId = theText(await call('CreateSnapshot', { VolumeId }), 'snapshotId')
  await expect.poll(() => opened.cloud.snapshots.get(SnapshotId)?.state, { timeout: 60_000 }).toBe('completed')
  const registration = {
    Name: 'imported',
    Architecture: 'x86_64',
    RootDeviceName: '/dev/sda',
    'BlockDeviceMapping.1.DeviceName': '/dev/sda',
    'BlockDeviceMapping.1.Ebs.SnapshotId': SnapshotId,
  }
  const ImageId = theText(await call('RegisterImage', registration), 'imageId')
  const launch = await call('RunInstances', { ImageId, MinCount: '1', MaxCount: '1' })
  await boots(theText(launch, 'instancesSet', '0', 'instanceId'))
})
