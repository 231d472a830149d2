import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { shown } from '../../state/life.ts'
import { type ConversionDisk, type ConversionTaskRecord, conversionLife } from './conversion.ts'

/** The name under which the work on a disk of a task is known. */
export const diskName = ({ id }: ConversionTaskRecord, index: number): string => `${id}-${index}`

/** The time as Java's Date writes it, which Eucalyptus answers: `Mon Nov 30 14:16:18 UTC 2026`. */
function javaDate(iso: string): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(iso).toUTCString().split(/,? /)
  return `${day} ${month} ${date} ${time} UTC ${year}`
}

/** Bytes of the disk's file that are converted: all of them once its volume is there. */
function bytesConverted(cloud: Cloud, task: ConversionTaskRecord, disk: ConversionDisk, index: number): number {
  if (disk.volumeId !== undefined) return disk.bytes
  return Math.min(disk.bytes, cloud.conversions.progress(diskName(task, index)))
}

function diskView(cloud: Cloud, task: ConversionTaskRecord, index: number): { [name: string]: Answer } {
  const disk = task.disks[index]
  if (!disk) throw new Error(`${task.id} has no disk ${index}`)
  return {
    bytesConverted: bytesConverted(cloud, task, disk, index),
    availabilityZone: task.zone,
    description: disk.description ?? (task.launch ? undefined : task.description),
    image: { format: disk.format, size: disk.bytes, importManifestUrl: disk.manifestUrl },
    volume: { size: disk.volumeSize, id: disk.volumeId },
  }
}

/** A task as clients see it (eucalyptus-behaviour.md section 4.3). */
export function conversionView(cloud: Cloud, task: ConversionTaskRecord): { [name: string]: Answer } {
  const { id, launch, expiresAt, message } = task
  const state = shown(conversionLife, task.state)
  const volumes = task.disks.map((_, index) => diskView(cloud, task, index))
  return {
    conversionTaskId: id,
    expirationTime: cloud.settings.fidelity === 'aws' ? expiresAt : javaDate(expiresAt),
    ...(launch
      ? {
          importInstance: {
            volumes: volumes.map((volume) => ({ ...volume, status: state, statusMessage: message })),
            instanceId: task.instanceId,
            platform: launch.platform,
            description: task.description,
          },
        }
      : { importVolume: volumes[0] ?? {} }),
    state,
    statusMessage: message,
    tagSet: [],
  }
}
