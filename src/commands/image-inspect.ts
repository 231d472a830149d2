import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { adviceFor } from '../inspect/advice.ts'
import { readerOf } from '../inspect/bytes.ts'
import { type DiskContents, type FileSystemFound, inspectContents } from '../inspect/disk.ts'
import type { KernelFound } from '../inspect/linux.ts'
import { decompressed } from './decompress.ts'
import { type OpenedDisk, openDisk } from './disk-file.ts'
import { sizeText } from './progress.ts'
import { withWorkFolder } from './work-folder.ts'

/** All that was found out about an image file. */
export interface ImageReport extends DiskContents {
  readonly file: string
  /** What the file is, the outermost wrapping first. */
  readonly found: readonly string[]
  readonly advice: readonly string[]
}

/** Looks into an image file, unpacking it to a temporary folder when it is not raw. Throws CommandFailed for what is not opened. */
export async function inspectImage(file: string, signal: AbortSignal): Promise<ImageReport> {
  return withWorkFolder(tmpdir(), async (folder) => {
    const opened = await openDisk(file, { folder, signal })
    const contents = await contentsOf(opened)
    return {
      file,
      found: opened.found,
      ...contents,
      advice: adviceFor(contents, opened.format === 'iso' ? 'iso' : 'hvm'),
    }
  })
}

/** What an opened disk holds. */
export async function contentsOf({ file }: OpenedDisk): Promise<DiskContents> {
  const disk = await open(file)
  try {
    return await inspectContents(readerOf(disk), (await disk.stat()).size, decompressed)
  } finally {
    await disk.close()
  }
}

/** The report for a person, or as JSON. */
export function reportText(report: ImageReport, json: boolean): string {
  if (json) return `${JSON.stringify(report, undefined, 2)}\n`
  const { file, found, table, firmware, bootLoader, fileSystems, advice } = report
  const loader = bootLoader === undefined ? '' : `, ${bootLoader}`
  const lines = [
    `${file}: ${found.join(', in it ')}`,
    `partition table: ${table}; boots by: ${firmware}${loader}`,
    ...fileSystems.flatMap((one) => fileSystemLines(report, one)),
    ...(advice.length > 0 ? ['advice:', ...advice.map((one) => `  - ${one}`)] : ['nothing speaks against it']),
  ]
  return `${lines.join('\n')}\n`
}

function fileSystemLines({ partitions }: ImageReport, { partition, type, label, linux }: FileSystemFound): string[] {
  const entry = partitions.find(({ number }) => number === partition)
  const use = entry?.use === 'efi' ? ' (EFI)' : entry?.use === 'bios-boot' ? ' (BIOS boot)' : ''
  const place = entry ? `partition ${partition}${use}, ${sizeText(entry.bytes)}` : 'the whole file'
  const head = `${place}: ${type ?? 'no known file system'}${label === undefined ? '' : ` "${label}"`}`
  if (!linux) return [head]
  const facts = [
    ...(linux.system === undefined ? [] : [`system: ${linux.system}`]),
    ...linux.kernels.map(kernelLine),
    ...linux.mounts.map(({ device, at }) => `mounts ${device} at ${at}`),
    ...(linux.bootConfig === undefined ? [] : [`${linux.bootConfig}: ${consoleText(linux.consoles)}`]),
    ...(linux.system === undefined ? [] : [`cloud-init: ${yes(linux.cloudInit)}; ssh server: ${yes(linux.sshd)}`]),
  ]
  return [head, ...facts.map((fact) => `  ${fact}`)]
}

const yes = (is: boolean) => (is ? 'yes' : 'no')
const consoleText = (names: readonly string[]) =>
  names.length > 0 ? `console=${names.join(', console=')}` : 'no console='

function kernelLine({ path, initrd, virtioDisk, virtioNetwork }: KernelFound): string {
  return `kernel ${path}${initrd === undefined ? '' : ` with ${initrd}`}: virtio disk ${virtioDisk}, network ${virtioNetwork}`
}
