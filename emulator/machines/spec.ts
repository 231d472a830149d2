import { mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Cloud } from '../cloud.ts'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { findImage } from '../ec2/image/image.ts'
import { type InstanceRecord, rootDiskBytes, typeOf } from '../ec2/instance/instance.ts'
import type { Drive, MachineSpec } from '../node/hypervisor.ts'
import { bootRegionBytes, createHvmDisk, createParavirtualDisk, paravirtualSizes } from '../node/instance-disk.ts'
import { machineUuid } from '../node/machine-uuid.ts'
import { syncFolder } from '../state/files.ts'

/** How many disks an instance-store instance has beside its root (6.1); a paravirtual one has its parts on one disk. */
function ephemeralDisks(cloud: Cloud, instance: InstanceRecord): number {
  return Math.max(0, typeOf(cloud, instance).diskCount - 1)
}

async function template(cloud: Cloud, id: string, layout: 'disk' | 'partition' | 'file', signal: AbortSignal) {
  const image = findImage(cloud.images, id)
  if (!image) throw new Error(`the image ${id} does not exist`)
  // Also when the image is unpacked already: without its template in Object Storage nothing can be launched (3.3).
  await cloud.imaging.checkManifest(image)
  return cloud.imaging.template({ ...image, layout }, { signal })
}

/**
 * Makes the disks of an instance from its image's template in Object Storage: the root an overlay that the instance
 * alone writes to. Resolves, when they are on disk, with the names of the unpacked images. What was there is replaced.
 */
export async function makeDisks(
  cloud: Cloud,
  instance: InstanceRecord,
  signal: AbortSignal,
): Promise<NonNullable<InstanceRecord['templates']>> {
  const files = cloud.files.machine(instance.id)
  const paravirtual = instance.virtualization === 'paravirtual'
  const root = await template(cloud, instance.imageId, paravirtual ? 'partition' : 'disk', signal)
  const kernel = instance.kernelId && (await template(cloud, instance.kernelId, 'file', signal))
  const ramdisk = instance.ramdiskId && (await template(cloud, instance.ramdiskId, 'file', signal))
  const bytes = rootDiskBytes(typeOf(cloud, instance))
  await rm(files.folder, { recursive: true, force: true })
  await mkdir(files.folder, { recursive: true, mode: 0o700 })
  const disk = { target: files.root, image: root.file }
  if (paravirtual) await createParavirtualDisk({ ...disk, ...paravirtualSizes(root.bytes - bootRegionBytes, bytes) })
  else await createHvmDisk({ ...disk, bytes })
  for (let index = 0; index < ephemeralDisks(cloud, instance); index += 1) {
    await createQcow2({ path: files.ephemeral(index), bytes })
  }
  await syncFolder(files.folder)
  return {
    root: basename(root.file),
    ...(kernel && { kernel: basename(kernel.file) }),
    ...(ramdisk && { ramdisk: basename(ramdisk.file) }),
  }
}

/** The machine of an instance whose disks are made. */
export function machineSpec(cloud: Cloud, instance: InstanceRecord): MachineSpec {
  const { templates } = instance
  if (!templates) throw new Error(`the disks of ${instance.id} are not made`)
  const files = cloud.files.machine(instance.id)
  const type = typeOf(cloud, instance)
  const image = (name: string) => join(cloud.files.images, name)
  const drive = (id: string, name: string, layer: DiskLayer): Drive => ({
    ...layer,
    id,
    // The serials of the cloud's node (6.2).
    serial: `euca-bdm-${name}`,
    durable: false,
  })
  const rootLayer = { format: 'raw', file: image(templates.root) } as const
  const root = drive('root', 'emi-dev-vda', { format: 'qcow2', file: files.root, backing: rootLayer })
  const ephemerals = Array.from({ length: ephemeralDisks(cloud, instance) }, (_, index) =>
    drive(`ephemeral${index}`, `ephemeral-dev-vd${String.fromCharCode(98 + index)}`, {
      format: 'qcow2',
      file: files.ephemeral(index),
      backing: null,
    }),
  )
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
      : { kind: 'disk' },
    drives: [root, ...ephemerals],
    console: files.console,
  }
}
