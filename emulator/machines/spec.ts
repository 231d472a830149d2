import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Cloud } from '../cloud.ts'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { findImage } from '../ec2/image/image.ts'
import { type InstanceRecord, rootDiskBytes, typeOf } from '../ec2/instance/instance.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { driveIdOf, type VolumeRecord } from '../ec2/volume/volume.ts'
import type { Drive, MachineSpec } from '../node/hypervisor.ts'
import { bootRegionBytes, createHvmDisk, createParavirtualDisk, paravirtualSizes } from '../node/instance-disk.ts'
import { machineUuid } from '../node/machine-uuid.ts'
import { syncFolder } from '../state/files.ts'
import { clearMachine } from './firmware.ts'
import { volumeSerial } from './volume-serial.ts'

/**
 * How many ephemeral disks an instance has. Instance-store: those of the type beside its root (6.1); a paravirtual one has
 * its parts on one disk. EBS: those that were mapped and that the type has.
 */
function ephemeralDisks(cloud: Cloud, instance: InstanceRecord): number {
  if (instance.rootDeviceType === 'ebs') return instance.ephemerals.length
  return Math.max(0, typeOf(cloud, instance).diskCount - 1)
}

async function template(cloud: Cloud, id: string, layout: 'disk' | 'partition' | 'file', signal: AbortSignal) {
  const image = findImage(cloud.images, id)
  if (!image) throw new Error(`the image ${id} does not exist`)
  const { location, manifestSha256 } = image
  if (manifestSha256 === undefined) throw new Error(`the image ${id} has no manifest`)
  // Also when the image is unpacked already: without its template in Object Storage nothing can be launched (3.3).
  await cloud.imaging.checkManifest({ location, manifestSha256 })
  return cloud.imaging.template({ location, manifestSha256, layout }, { signal })
}

/** Fetches an instance-store instance's image, kernel and ramdisk, and makes its root: an overlay that it alone writes. */
async function makeRoot(cloud: Cloud, instance: InstanceRecord, signal: AbortSignal) {
  const files = cloud.files.machine(instance.id)
  const paravirtual = instance.virtualization === 'paravirtual'
  const root = await template(cloud, instance.imageId, paravirtual ? 'partition' : 'disk', signal)
  const kernel = instance.kernelId && (await template(cloud, instance.kernelId, 'file', signal))
  const ramdisk = instance.ramdiskId && (await template(cloud, instance.ramdiskId, 'file', signal))
  const bytes = rootDiskBytes(typeOf(cloud, instance))
  await emptyFolder(files)
  const disk = { target: files.root, image: root.file }
  if (paravirtual) await createParavirtualDisk({ ...disk, ...paravirtualSizes(root.bytes - bootRegionBytes, bytes) })
  else await createHvmDisk({ ...disk, bytes })
  return {
    root: basename(root.file),
    ...(kernel && { kernel: basename(kernel.file) }),
    ...(ramdisk && { ramdisk: basename(ramdisk.file) }),
  }
}

async function emptyFolder(files: ReturnType<Cloud['files']['machine']>): Promise<void> {
  await clearMachine(files)
  await mkdir(files.folder, { recursive: true, mode: 0o700 })
}

/**
 * Makes the disks of an instance that die with its machine. Resolves, when they are on disk, with the names of the
 * unpacked images that they rest on. What was there is replaced.
 */
export async function makeDisks(
  cloud: Cloud,
  instance: InstanceRecord,
  signal: AbortSignal,
): Promise<NonNullable<InstanceRecord['templates']>> {
  const files = cloud.files.machine(instance.id)
  const ebs = instance.rootDeviceType === 'ebs'
  if (ebs) await emptyFolder(files)
  const templates = ebs ? {} : await makeRoot(cloud, instance, signal)
  const bytes = rootDiskBytes(typeOf(cloud, instance))
  for (let index = 0; index < ephemeralDisks(cloud, instance); index += 1) {
    await createQcow2({ path: files.ephemeral(index), bytes })
  }
  await syncFolder(files.folder)
  return templates
}

/** The disks of an instance that die with its machine, the root of an instance-store instance first. */
function mortalDrives(cloud: Cloud, instance: InstanceRecord): Drive[] {
  const files = cloud.files.machine(instance.id)
  // The serials of the cloud's node (6.2).
  const drive = (id: string, name: string, layer: DiskLayer): Drive => ({
    ...layer,
    id,
    serial: `euca-bdm-${name}`,
    durable: false,
  })
  const { root } = instance.templates ?? {}
  const backing = { format: 'raw', file: join(cloud.files.images, root ?? '') } as const
  const roots = root ? [drive('root', 'emi-dev-vda', { format: 'qcow2', file: files.root, backing })] : []
  const ephemerals = Array.from({ length: ephemeralDisks(cloud, instance) }, (_, index) => {
    const letter = instance.ephemerals[index]?.deviceName.at(-1) ?? String.fromCharCode(98 + index)
    return drive(`ephemeral${index}`, `ephemeral-dev-vd${letter}`, {
      format: 'qcow2',
      file: files.ephemeral(index),
      backing: null,
    })
  })
  return [...roots, ...ephemerals]
}

/** A volume as a drive of a machine; what the guest flushes is on the host's disk. */
export async function volumeDrive(cloud: Cloud, volume: VolumeRecord): Promise<Drive> {
  const layer = await cloud.storage.volumeLayer(volume.id)
  return { ...layer, id: driveIdOf(volume.id), serial: volumeSerial(volume, cloud.settings.fidelity), durable: true }
}

/** The volumes of an instance as drives: the root first, then by device name. */
async function volumeDrives(cloud: Cloud, instance: InstanceRecord): Promise<Drive[]> {
  const name = (volume: VolumeRecord) => volume.attachment?.device.replace(/^\/dev\//, '') ?? ''
  const rank = (volume: VolumeRecord) =>
    `${name(volume) === instance.rootDeviceName.replace(/^\/dev\//, '') ? 0 : 1}${name(volume)}`
  const volumes = volumesOf(cloud.volumes.list(), instance.id).sort((a, b) => rank(a).localeCompare(rank(b)))
  const [root] = volumes
  if (instance.rootDeviceType === 'ebs' && !(root && rank(root).startsWith('0'))) {
    // The sentence of Eucalyptus (ClusterAllocator): the root was detached while the instance was stopped.
    throw new Error(
      `Volume attachment for root device not found. Attach an EBS volume to root device ${instance.rootDeviceName}`,
    )
  }
  return Promise.all(volumes.map((volume) => volumeDrive(cloud, volume)))
}

/** The machine of an instance whose disks are made. */
export async function machineSpec(cloud: Cloud, instance: InstanceRecord): Promise<MachineSpec> {
  const { templates } = instance
  if (!templates) throw new Error(`the disks of ${instance.id} are not made`)
  const files = cloud.files.machine(instance.id)
  const type = typeOf(cloud, instance)
  const image = (name: string) => join(cloud.files.images, name)
  const [volumes, mortal] = [await volumeDrives(cloud, instance), mortalDrives(cloud, instance)]
  const rootDirective = findImage(cloud.images, instance.imageId)?.rootDirective ?? '/dev/vda1'
  return {
    id: instance.id,
    uuid: machineUuid(instance.id),
    folder: files.folder,
    memoryMiB: type.memoryMiB,
    cpus: type.cpus,
    boot: templates.kernel
      ? {
          kind: 'kernel',
          kernel: image(templates.kernel),
          ...(templates.ramdisk && { ramdisk: image(templates.ramdisk) }),
          commandLine: `root=${rootDirective} console=ttyS0`,
        }
      : { kind: 'disk', ...(instance.currentBootMode === 'uefi' && { uefiVariables: files.uefiVariables }) },
    drives:
      instance.rootDeviceType === 'ebs'
        ? [...volumes.slice(0, 1), ...mortal, ...volumes.slice(1)]
        : [...mortal, ...volumes],
    network: { mac: instance.network.mac },
    console: files.console,
  }
}
