import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { writeSparse } from '../../src/bundle/sparse-file.ts'
import { inspectHeader } from '../../src/inspect/header.ts'
import type { DiskLayer } from '../disk/layer.ts'
import { privateFolder } from '../state/files.ts'
import { limited } from '../state/serial.ts'
import { type ConvertDisk, type DiskFileFormat, DiskRefused, qemuImgConvert } from './convert-tool.ts'

/** A disk file that comes in. */
export interface IncomingDisk {
  /** Names the work, for `progress` and its temporary file: a task's id, and a number of its disk. */
  readonly name: string
  readonly format: DiskFileFormat
  /** Bytes of the file. */
  readonly fileBytes: number
  readonly stream: AsyncIterable<Uint8Array>
  /** Where the disk is written to, as one flat qcow2 file; must not exist. */
  readonly target: string
  /** The bytes that the disk is to have, told what the file holds. Throws to refuse it. */
  readonly diskBytes: (virtualBytes: number) => number
  readonly signal: AbortSignal
}

/** A disk that goes out. */
export interface OutgoingDisk {
  readonly name: string
  readonly format: DiskFileFormat
  readonly source: DiskLayer
  /** Bytes that a guest sees. */
  readonly bytes: number
  /** Takes the file that was made, of that many bytes; it is gone afterwards. */
  readonly deliver: (file: Readable, fileBytes: number) => Promise<void>
  readonly signal: AbortSignal
}

/** Disk files of clients become disks of the cloud, and the other way round. */
export interface Conversions {
  /** Lets two pieces of work run at a time; more would only slow each other. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>
  /** Resolves with the bytes that the file holds as a disk. Rejects, with nothing left, with DiskRefused among others. */
  importDisk(incoming: IncomingDisk): Promise<number>
  /** Rejects, with nothing left, when the disk cannot be converted or delivered. */
  exportDisk(outgoing: OutgoingDisk): Promise<void>
  /** Bytes of a disk file that have come in so far, 0 when none do. */
  progress(name: string): number
  /** Runs a piece of a task that `breakOff` may abort; its signal is aborted by `stopping` too. */
  breakable<Result>(
    task: string,
    stopping: AbortSignal,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>
  /** Aborts what `breakable` runs of a task, if anything. */
  breakOff(task: string): void
}

/** How conversions are opened. */
export interface ConversionSettings {
  /** For temporary files; nobody else's, and emptied. */
  readonly folder: string
  /** Converts disks; by default with qemu-img. */
  readonly convert?: ConvertDisk
}

/** Opens the conversions in `folder`; what an earlier run left there goes. */
export async function openConversions({ folder, convert = qemuImgConvert }: ConversionSettings): Promise<Conversions> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await privateFolder(folder)
  const done = new Map<string, number>()
  const running = new Map<string, AbortController>()
  const temporary = (name: string) => join(folder, `${name.replace(/[^\w-]/g, '_')}.disk`)

  return {
    inTurn: limited(2),
    async importDisk(incoming) {
      const file = temporary(incoming.name)
      try {
        return await bringIn(convert, incoming, file, (bytes) => void done.set(incoming.name, bytes))
      } catch (error) {
        await Promise.allSettled([rm(incoming.target, { force: true })])
        throw error
      } finally {
        done.delete(incoming.name)
        await rm(file, { force: true })
      }
    },
    async exportDisk({ name, format, source, bytes, deliver, signal }) {
      const file = temporary(name)
      try {
        await convert({ source: { layers: source }, target: file, format, bytes, signal })
        await deliver(createReadStream(file, { signal, highWaterMark: 2 ** 20 }), (await stat(file)).size)
      } finally {
        await rm(file, { force: true })
      }
    },
    progress: (name) => done.get(name) ?? 0,
    async breakable(task, stopping, work) {
      const unwanted = new AbortController()
      running.set(task, unwanted)
      try {
        return await work(AbortSignal.any([stopping, unwanted.signal]))
      } finally {
        running.delete(task)
      }
    },
    breakOff: (task) => running.get(task)?.abort(new Error(`${task} is cancelled`)),
  }
}

/** Writes the file as it comes, looks at its header, and only then lets a tool read it. */
async function bringIn(
  convert: ConvertDisk,
  { format, fileBytes, stream, target, diskBytes, signal }: IncomingDisk,
  file: string,
  onBytes: (bytes: number) => void,
): Promise<number> {
  signal.throwIfAborted()
  if (fileBytes === 0) throw new DiskRefused('the file is empty')
  const { bavail, bsize } = await statfs(join(file, '..'))
  if (fileBytes > bavail * bsize * 0.9) throw new DiskRefused(`there is no room for a file of ${fileBytes} bytes`)
  const handle = await open(file, 'wx+', 0o600)
  let held: number
  try {
    let taken = 0
    const counted = (bytes: number) => {
      taken = bytes
      signal.throwIfAborted()
      onBytes(bytes)
    }
    await writeSparse(handle, { offset: 0, length: fileBytes, onBytes: counted }, stream)
    if (taken !== fileBytes) throw new DiskRefused(`${taken} bytes came instead of ${fileBytes}`)
    held = await heldBytes(handle, format, fileBytes)
  } finally {
    await handle.close()
  }
  const bytes = diskBytes(held)
  await convert({ source: { file, format }, target, format: 'qcow2', bytes, signal })
  return held
}

/** What a file of a stated format holds as a disk. What is called raw is raw, whatever its first bytes say. */
async function heldBytes(handle: FileHandle, format: DiskFileFormat, fileBytes: number): Promise<number> {
  if (format === 'raw') return fileBytes
  const read = async (offset: number, length: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  const header = await inspectHeader(read, fileBytes)
  if (header.format !== format) throw new DiskRefused(`the file is not ${format} but ${header.format}`)
  const [problem] = header.problems
  if (problem !== undefined) throw new DiskRefused(problem)
  if (header.virtualBytes === undefined) throw new DiskRefused(`the ${format} file does not say its size`)
  return header.virtualBytes
}
