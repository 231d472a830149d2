import { integer, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { checkVolumeSizes } from '../volume/limits.ts'
import type { ConversionDisk } from './conversion.ts'
import { isOwnUrl } from './own-objects.ts'

/** `Image.…`: a disk file. What is missing is refused in the words of the imaging service. */
export const diskImage = optional(
  struct({ Format: optional(text), Bytes: optional(integer), ImportManifestUrl: optional(text) }),
)

/** `Volume.…`: where the file is imported to. */
export const diskVolume = optional(struct({ Size: optional(integer) }))

/** The formats of an import: of Eucalyptus its enumeration, in which VHD is not, of AWS those of its API. */
const formats = {
  eucalyptus: ['RAW', 'PARTITION', 'KERNEL', 'RAMDISK', 'VMDK'],
  aws: ['RAW', 'VMDK', 'VHD'],
} as const

/** How the file of a task is read: what is neither VMDK nor VHD is taken byte by byte. */
export function fileFormat({ format }: Pick<ConversionDisk, 'format'>): 'raw' | 'vmdk' | 'vhd' {
  const name = format.toLowerCase()
  return name === 'vmdk' || name === 'vhd' ? name : 'raw'
}

/** The zone of an import, the cloud's own by default where that may be left out. Throws the fault. */
export function importZone(cloud: Cloud, zone: string | undefined): string {
  if (zone === undefined) throw fault('importMissing', 'AvailabilityZone')
  if (zone !== cloud.settings.zone)
    throw fault('importInvalid', `Availability zone ${zone} is not configured for import`)
  return zone
}

/**
 * A disk of an import, as far as the request can be checked (ImagingTasks.java; eucalyptus-behaviour.md section 4.2),
 * within a change. Throws the faults.
 */
export function checkedDisk(
  cloud: Cloud,
  draft: Draft,
  image: Values<{ image: typeof diskImage }>['image'],
  volume: Values<{ volume: typeof diskVolume }>['volume'],
): ConversionDisk {
  const { Format: format, Bytes: bytes, ImportManifestUrl: manifestUrl } = image ?? {}
  const volumeSize = volume?.Size
  if (format === undefined) throw fault('importMissing', 'Image.Format')
  const known: readonly string[] = formats[cloud.settings.fidelity]
  if (!known.includes(format.toUpperCase())) throw fault('importInvalid', `Unsupported image format: ${format}`)
  if (manifestUrl === undefined) throw fault('importMissing', 'Image.ImportManifestUrl')
  if (!isOwnUrl(cloud, manifestUrl)) {
    throw fault(
      'importInvalid',
      `The import manifest is not in this cloud's object storage: ${manifestUrl.slice(0, 200)}`,
    )
  }
  if (bytes === undefined || bytes <= 0) throw fault('importMissing', 'Image.Bytes')
  if (volumeSize === undefined || volumeSize <= 0) throw fault('importMissing', 'Volume.Size')
  if (bytes > volumeSize * 2 ** 30) {
    throw fault('importInvalid', `The image of ${bytes} bytes is larger than the volume of ${volumeSize} GiB`)
  }
  checkVolumeSizes(cloud, draft, [volumeSize])
  return { format, bytes, manifestUrl, volumeSize }
}
