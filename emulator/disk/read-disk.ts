import { type FileHandle, open } from 'node:fs/promises'
import type { DiskLayer } from './layer.ts'

/** A disk that no machine uses, opened to be read. */
export interface ReadableDisk {
  /** Size that a guest sees. */
  readonly bytes: number
  /** All bytes that a guest sees, from the first to the last. The pieces must not be written to. */
  stream(): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

/** One file of a disk with what lies beneath it. */
interface Source {
  readonly bytes: number
  /** Reads into a buffer of zeros; whether it put anything there. Behind the end of the disk there are zeros. */
  read(into: Buffer, at: number): Promise<boolean>
  close(): Promise<void>
}

const pieceBytes = 1024 * 1024

async function readFully(handle: FileHandle, into: Buffer, at: number): Promise<boolean> {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done > 0
}

/** What the header of a qcow2 file says, as far as reading needs it (QEMU docs/interop/qcow2.txt). */
interface Geometry {
  readonly bytes: number
  readonly clusterBytes: number
  readonly l1: Buffer
}

async function readGeometry(handle: FileHandle, file: string): Promise<Geometry> {
  const header = Buffer.alloc(104)
  await readFully(handle, header, 0)
  const clusterBits = header.readUInt32BE(20)
  const isKnown = header.toString('latin1', 0, 4) === 'QFI\xfb' && header.readUInt32BE(4) === 3
  // All but the first bit, which says no more than that counts of references are out of date, change how data lies.
  const isPlain = header.readUInt32BE(32) === 0 && header.readBigUInt64BE(72) <= 1n
  if (!isKnown || !isPlain || clusterBits < 9 || clusterBits > 21) throw new Error(`${file} is no plain qcow2 file`)
  const clusterBytes = 2 ** clusterBits
  const bytes = Number(header.readBigUInt64BE(24))
  const entries = Math.ceil(bytes / (clusterBytes * (clusterBytes / 8)))
  if (header.readUInt32BE(36) < entries) throw new Error(`the tables of ${file} are too short for its disk`)
  const l1 = Buffer.alloc(entries * 8)
  await readFully(handle, l1, Number(header.readBigUInt64BE(40)))
  return { bytes, clusterBytes, l1 }
}

/** The place in the file that an entry of a table points to; 0 for none. */
const placeIn = (table: Buffer, index: number) =>
  (table.readUInt32BE(index * 8) & 0x00ffffff) * 2 ** 32 + ((table.readUInt32BE(index * 8 + 4) & ~0x1ff) >>> 0)

/** Where a cluster of the disk is. */
type Place = number | 'zeros' | 'beneath'

async function openQcow2({ file, backing }: DiskLayer & { format: 'qcow2' }): Promise<Source> {
  const beneath = backing && (await openSource(backing))
  const handle = await open(file, 'r').catch(async (error: unknown) => {
    await beneath?.close()
    throw error
  })
  const close = async () => {
    await handle.close()
    await beneath?.close()
  }
  const { bytes, clusterBytes, l1 } = await readGeometry(handle, file).catch(async (error: unknown) => {
    await close()
    throw error
  })
  const perTable = clusterBytes / 8
  // Reads go forward: the table of the last one is nearly always that of the next.
  let table = { index: -1, entries: Buffer.alloc(0) }
  const placeOf = async (cluster: number): Promise<Place> => {
    const index = Math.floor(cluster / perTable)
    const tableAt = placeIn(l1, index)
    if (tableAt === 0) return 'beneath'
    if (table.index !== index) {
      const entries = Buffer.alloc(clusterBytes)
      await readFully(handle, entries, tableAt)
      table = { index, entries }
    }
    const entry = cluster % perTable
    if (table.entries.readUInt8(entry * 8) & 0x40) throw new Error(`${file} holds compressed data`)
    if (table.entries.readUInt8(entry * 8 + 7) & 1) return 'zeros'
    return placeIn(table.entries, entry) || 'beneath'
  }
  const readPiece = async (into: Buffer, at: number): Promise<boolean> => {
    const place = await placeOf(Math.floor(at / clusterBytes))
    if (place === 'zeros') return false
    if (place === 'beneath') return beneath ? beneath.read(into, at) : false
    return readFully(handle, into, place + (at % clusterBytes))
  }
  const read = async (into: Buffer, at: number) => {
    let isWritten = false
    const end = Math.min(into.length, bytes - at)
    for (let done = 0; done < end; ) {
      const length = Math.min(end - done, clusterBytes - ((at + done) % clusterBytes))
      isWritten = (await readPiece(into.subarray(done, done + length), at + done)) || isWritten
      done += length
    }
    return isWritten
  }
  return { bytes, read, close }
}

async function openRaw({ file }: DiskLayer): Promise<Source> {
  const handle = await open(file, 'r')
  const { size } = await handle.stat()
  return { bytes: size, read: (into, at) => readFully(handle, into, at), close: () => handle.close() }
}

const openSource = (layer: DiskLayer): Promise<Source> => (layer.format === 'raw' ? openRaw(layer) : openQcow2(layer))

/**
 * Opens a disk for reading. Its files must not be written meanwhile. Throws when they cannot be read, or hold anything
 * but what this emulator and QEMU put there: compressed or encrypted data, a file beside it.
 */
export async function openDisk(layer: DiskLayer): Promise<ReadableDisk> {
  const { bytes, read, close } = await openSource(layer)
  const stream = async function* () {
    const zeros = Buffer.alloc(pieceBytes)
    let piece = Buffer.alloc(pieceBytes)
    for (let at = 0; at < bytes; at += pieceBytes) {
      const length = Math.min(pieceBytes, bytes - at)
      if (await read(piece.subarray(0, length), at)) {
        yield piece.subarray(0, length)
        piece = Buffer.alloc(pieceBytes)
      } else yield zeros.subarray(0, length)
    }
  }
  return { bytes, stream, close }
}
