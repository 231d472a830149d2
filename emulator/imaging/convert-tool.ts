import { statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { layerNode, nodeArgument, QemuImgFailed, type QemuImgWork, runQemuImg } from '../disk/qemu-img.ts'

/** A disk file that is not taken. The message is a sentence without full stop, fit for the message of a task. */
export class DiskRefused extends Error {
  override readonly name = 'DiskRefused'
}

/** A format as it is told to clients, in small letters. */
export type DiskFileFormat = 'raw' | 'vmdk' | 'vhd' | 'vhdx' | 'qcow2' | 'vdi'

/** What is read: a file of a stated format, or the layers of a volume or a snapshot. */
export type ConversionSource =
  | { readonly file: string; readonly format: DiskFileFormat }
  | { readonly layers: DiskLayer }

/** One conversion of a disk to another file. */
export interface DiskConversion {
  readonly source: ConversionSource
  /** Must not exist. */
  readonly target: string
  /** What is written: a flat qcow2 file for the cloud itself; of a `vmdk` the stream-optimised kind, of a `vhd` the dynamic. */
  readonly format: DiskFileFormat
  /** The size that a guest sees: a qcow2 file gets it, and may be larger than its source; the limits follow from it. */
  readonly bytes: number
  readonly signal: AbortSignal
}

/** Converts a disk. Rejects with the reason when it cannot, or when aborted; what it wrote is the caller's to remove. */
export type ConvertDisk = (conversion: DiskConversion) => Promise<void>

/** The names that QEMU has for the formats. */
const drivers: Record<DiskFileFormat, string> = {
  raw: 'raw',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vhdx: 'vhdx',
  qcow2: 'qcow2',
  vdi: 'vdi',
}

/** How files are made for clients: what AWS delivers, and what other hypervisors take. */
const makes: Partial<Record<DiskFileFormat, string>> = {
  vmdk: 'subformat=streamOptimized',
  vhd: 'subformat=dynamic,force_size=on',
}

/** A disk as QEMU takes it, every driver and file stated, so that nothing is probed or taken from a header. */
function node(source: ConversionSource): object {
  if ('layers' in source) return layerNode(source.layers)
  const { file: filename, format } = source
  // What a file says of others that it rests on is passed over.
  const alone = format === 'qcow2' || format === 'vmdk' ? { backing: null } : {}
  // A VHD has two sizes. Guests of the hypervisors that made it see this one; by its geometry QEMU would read it short.
  const whole = format === 'vhd' ? { force_size_calc: 'current_size' } : {}
  return { driver: drivers[format], file: { driver: 'file', filename }, ...alone, ...whole }
}

/** So `qemu-img check` ends for clusters that nothing refers to, which does no harm. */
const leaksOnly = 3

/** Refuses a qcow2 file whose tables name bytes behind its end: qemu-img reads zeros there, and says nothing. */
async function checkWhole(from: string, work: QemuImgWork): Promise<void> {
  try {
    await runQemuImg(['check', '-q', from], work)
  } catch (error) {
    if (!(error instanceof QemuImgFailed)) throw error
    if (error.status === leaksOnly) return
    throw new DiskRefused(`the file is cut short or damaged: qemu-img check ${error.how}`)
  }
}

/** What may be written beside what is there: a file whose data is compressed may hold far more than it has itself. */
async function roomAt(target: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(target))
  return Math.floor(bavail * bsize * 0.9)
}

/**
 * Converts with qemu-img, which takes as long as there is data, not as the disk is large. A raw file has the size of its
 * disk whatever is in it, so that its room cannot be told beforehand.
 */
export const qemuImgConvert: ConvertDisk = async ({ source, target, format, bytes, signal }) => {
  signal.throwIfAborted()
  const room = format === 'raw' ? undefined : await roomAt(target)
  const work = { bytes, pace: 8, growth: 1.05, room, purpose: 'imports and exports', signal }
  const from = nodeArgument(node(source))
  if ('file' in source && source.format === 'qcow2') await checkWhole(from, work)
  const into = format === 'qcow2'
  if (into) await createQcow2({ path: target, bytes })
  // qemu-img keeps the mode of a file that is there, and would let everybody read one that it makes.
  else await writeFile(target, '', { flag: 'wx', mode: 0o600 })
  const made = makes[format]
  const how = into ? ['-n', '--target-is-zero'] : made === undefined ? [] : ['-o', made]
  // A comma would end the name, so it is doubled.
  const there = `driver=${drivers[format]},file.driver=file,file.filename=${target.replaceAll(',', ',,')}`
  const to = into ? ['--target-image-opts', from, there] : ['-O', drivers[format], from, target]
  try {
    await runQemuImg(['convert', ...how, ...to], work)
  } catch (error) {
    if (!(error instanceof QemuImgFailed)) throw error
    // Where our files lie is nobody's business.
    const own = 'file' in source ? [source.file, target] : [target]
    const said = own.reduce((text, file) => text.replaceAll(file, 'the file'), error.said.slice(-500))
    throw new DiskRefused(`qemu-img convert ${error.how}: ${said}`)
  }
}
