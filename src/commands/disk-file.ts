import { createReadStream } from 'node:fs'
import { open, rm, stat, statfs } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type DiskFileFormat, qemuImgConvert } from '../../emulator/imaging/convert-tool.ts'
import { writeSparse } from '../bundle/sparse-file.ts'
import { tapped } from '../bundle/streams.ts'
import { readerOf, sourceOf } from '../inspect/bytes.ts'
import { type DiskFormat, type DiskHeader, inspectHeader } from '../inspect/header.ts'
import { type TarMember, TarRefused, tarMembers } from '../inspect/tar-members.ts'
import { CommandFailed } from './data-folder.ts'
import { type Compression, decompressed } from './decompress.ts'
import { progressBar, sizeText } from './progress.ts'

/** A disk as bytes that can be bundled as they are. */
export interface OpenedDisk {
  readonly file: string
  /** What it was found to be, the outermost first: `gzip`, `qcow2 (v3), a disk of 2048 MiB`. */
  readonly found: readonly string[]
  readonly format: 'raw' | 'iso'
}

/** Where a disk is unpacked to, and when to give up. */
export interface Opening {
  /** A folder of the caller's own, who removes it with all that is in it. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** No disk of an image is larger: what says so is unpacked by nobody. 2 TiB, as far as an MBR reaches. */
const largestDisk = 2 ** 41
/** A disk in a format, in an archive, compressed: more wrappings than three nobody makes. */
const mostLayers = 4

/**
 * Opens a disk file as vendors ship it: raw, qcow2, VMDK, VHD, VHDX, VDI; compressed by gzip, xz or zstd; in a tar archive.
 * What it is is told by its own bytes, whatever its name; what it would have opened besides is refused before any tool
 * sees it. A raw file is given back as it is, everything else as a file in `folder`. Throws CommandFailed with the reason.
 */
export async function openDisk(file: string, opening: Opening): Promise<OpenedDisk> {
  const found: string[] = []
  let now = resolve(file)
  for (let layer = 0; layer < mostLayers; layer++) {
    const header = await headerOf(now)
    if (header.problems.length > 0) {
      throw new CommandFailed(`${file} (${header.format}) is not opened: ${header.problems.join(', ')}`)
    }
    found.push(describe(header))
    const { format, virtualBytes = 0 } = header
    if (virtualBytes > largestDisk)
      throw new CommandFailed(`${file} holds a disk of ${sizeText(virtualBytes)}: too large`)
    if (format === 'raw' || format === 'iso') return { file: now, found, format }
    const next = join(opening.folder, `layer-${layer}`)
    await unwrap(header, now, next, { ...opening, name: basename(file) })
    if (layer > 0) await rm(now)
    now = next
  }
  throw new CommandFailed(`${file} is wrapped more often than any disk: ${found.join(', in it ')}`)
}

/** The header of a file. */
export async function headerOf(path: string): Promise<DiskHeader> {
  const file = await open(path)
  try {
    return await inspectHeader(readerOf(file), (await file.stat()).size)
  } finally {
    await file.close()
  }
}

function describe({ format, subformat, virtualBytes }: DiskHeader): string {
  const kind = subformat === undefined ? format : `${format} (${subformat})`
  return virtualBytes === undefined ? kind : `${kind}, a disk of ${sizeText(virtualBytes)}`
}

interface Unwrapping extends Opening {
  readonly name: string
}

const converted: Partial<Record<DiskFormat, DiskFileFormat>> = {
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vhd: 'vhd',
  vhdx: 'vhdx',
  vdi: 'vdi',
}
const packed: Partial<Record<DiskFormat, Compression>> = { gzip: 'gzip', xz: 'xz', zstd: 'zstd' }

/** Takes one wrapping off: `from` is of the header's format, `to` must not exist. */
async function unwrap(header: DiskHeader, from: string, to: string, work: Unwrapping): Promise<void> {
  const { format, virtualBytes = 0 } = header
  const { signal, name } = work
  const [compression, source] = [packed[format], converted[format]]
  try {
    if (compression) return await decompress(compression, from, to, work)
    if (format === 'tar') return await takeMember(from, to, work)
    if (!source) throw new CommandFailed(`make a raw file of it, as with: qemu-img convert -O raw ${name} disk.raw`)
    console.error(`${name}: converting ${format} to raw`)
    const conversion = {
      source: { file: from, format: source },
      target: to,
      format: 'raw',
      bytes: virtualBytes,
    } as const
    await qemuImgConvert({ ...conversion, signal })
    // A VHD file states its size twice, and a reader may believe the smaller one.
    const { size } = await stat(to)
    if (size < virtualBytes) throw new CommandFailed(`of its ${virtualBytes} bytes only ${size} could be read`)
  } catch (error) {
    signal.throwIfAborted()
    throw new CommandFailed(`${name} (${format}) is not opened: ${(error as Error).message}`, { cause: error })
  }
}

async function decompress(compression: Compression, from: string, to: string, { signal, name }: Unwrapping) {
  const { size } = await stat(from)
  const bar = progressBar(`${name}: unpacking`)
  let done = 0
  const source = tapped(rangeOf(from), ({ length }) => {
    done += length
    bar.update(done, size)
  })
  try {
    await writeNew(to, decompressed(compression, source), signal)
  } finally {
    bar.finish()
  }
}

/** Writes a stream of unknown length to a new file, zeros as holes, while it is within bounds and the disk has room. */
async function writeNew(
  path: string,
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  length = 0,
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    let total = 0
    const onBytes = (bytes: number) => {
      total = bytes
    }
    await writeSparse(file, { offset: 0, length, onBytes }, bounded(stream, path, signal))
    await file.truncate(Math.max(total, length))
  } finally {
    await file.close()
  }
}

const lookEvery = 64 * 2 ** 20

/** A stream that ends with an error when it is longer than any disk, or leaves less than a twentieth of the host's. */
async function* bounded(
  stream: AsyncIterable<Uint8Array>,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let [total, looked] = [0, 0]
  for await (const chunk of stream) {
    signal.throwIfAborted()
    total += chunk.length
    if (total > largestDisk) throw new CommandFailed('it unpacks to more than any disk')
    if (total - looked > lookEvery) {
      looked = total
      const { bavail, blocks } = await statfs(join(path, '..'))
      if (bavail < blocks / 20) throw new CommandFailed('there is no room to unpack it')
    }
    yield chunk
  }
}

const diskName = /\.(img|raw|disk|qcow2|vmdk|vhdx?|vdi|iso)$/i

/** The one member of an archive that can be meant. Throws CommandFailed with all names when there are several. */
export function diskAmong(members: readonly TarMember[]): TarMember {
  const named = members.filter(({ name }) => diskName.test(name))
  const [first, second] = members.length === 1 ? members : named
  if (first && second === undefined) return first
  const names = members.slice(0, 20).map(({ name }) => JSON.stringify(name))
  const what = members.length === 0 ? 'no file' : `the files ${names.join(', ')}`
  throw new CommandFailed(`the archive holds ${what}, and which one is the disk cannot be told: unpack it yourself`)
}

async function takeMember(from: string, to: string, { signal, name }: Unwrapping): Promise<void> {
  const file = await open(from)
  try {
    const members = await tarMembers(sourceOf(readerOf(file), (await file.stat()).size)).catch((error: Error) => {
      throw error instanceof TarRefused ? new CommandFailed(error.message, { cause: error }) : error
    })
    const member = diskAmong(members)
    if (member.size > largestDisk) throw new CommandFailed('it holds more than any disk')
    console.error(`${name}: taking ${JSON.stringify(member.name)} out of the archive`)
    await writeNew(to, bytesOf(member, from), signal, member.size)
  } finally {
    await file.close()
  }
}

/** A member's bytes up to its last stretch, with zeros for its holes. */
async function* bytesOf({ stretches }: TarMember, path: string): AsyncGenerator<Uint8Array> {
  const zeros = Buffer.alloc(2 ** 20)
  let position = 0
  for (const { at, from, length } of stretches) {
    for (; position < at; position += Math.min(zeros.length, at - position)) {
      yield zeros.subarray(0, at - position)
    }
    if (length > 0) yield* rangeOf(path, { start: from, end: from + length - 1 })
    position = at + length
  }
}

/** A file's bytes; it is opened when the first is asked for, so that nothing stays open if none is. */
async function* rangeOf(path: string, range: { start?: number; end?: number } = {}): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { ...range, highWaterMark: 2 ** 20 })
}
