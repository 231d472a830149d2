import { open } from 'node:fs/promises'

/** What the first bytes of a qcow2 file say of it. */
export interface Qcow2Header {
  /** Size that a guest sees. */
  bytes: number
  /** The file rests on no other one. */
  isFlat: boolean
  /** Whoever wrote it last left its tables in order, and its data is in it. */
  isClosed: boolean
}

/** Reads the header of a qcow2 file of version 3 (QEMU docs/interop/qcow2.txt). Throws when the file is none. */
export async function readQcow2Header(file: string): Promise<Qcow2Header> {
  const handle = await open(file, 'r')
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(104), 0, 104, 0)
    if (bytesRead < 104 || buffer.toString('latin1', 0, 4) !== 'QFI\xfb' || buffer.readUInt32BE(4) !== 3) {
      throw new Error(`${file} is no qcow2 file of version 3`)
    }
    const backingNameAt = buffer.readBigUInt64BE(8)
    // Bits that say: not closed in order, corrupt, data in another file.
    const incompatibleFeatures = buffer.readBigUInt64BE(72)
    return {
      bytes: Number(buffer.readBigUInt64BE(24)),
      isFlat: backingNameAt === 0n,
      isClosed: incompatibleFeatures === 0n,
    }
  } finally {
    await handle.close()
  }
}
