import { deflateSync, inflateSync } from 'node:zlib'

const sector = 512
/** Sectors of a grain, and grains of a table. */
const [grainSectors, tableEntries] = [128, 512]
const grainBytes = grainSectors * sector
const atTheEnd = 0xffff_ffff_ffff_ffffn
/** Sectors before the first grain: the header, and room for the descriptor. */
const overhead = 128

/** What stands before tables, the directory and the footer of a stream. */
const markers = { table: 1, directory: 2, footer: 3 } as const

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & (sector - 1))])

/** A header of a stream-optimised extent; `directory` is the sector of the grain directory. */
function header(sectors: number, directory: bigint): Buffer {
  const bytes = Buffer.alloc(sector)
  bytes.write('KDMV', 0, 'latin1')
  bytes.writeUInt32LE(3, 4)
  // The line ends below are as they were written; grains are compressed and have markers.
  bytes.writeUInt32LE(0x3_0001, 8)
  bytes.writeBigUInt64LE(BigInt(sectors), 12)
  bytes.writeBigUInt64LE(BigInt(grainSectors), 20)
  bytes.writeBigUInt64LE(1n, 28)
  bytes.writeBigUInt64LE(20n, 36)
  bytes.writeUInt32LE(tableEntries, 44)
  bytes.writeBigUInt64LE(directory, 56)
  bytes.writeBigUInt64LE(BigInt(overhead), 64)
  bytes.write('\n \r\n', 73, 'latin1')
  bytes.writeUInt16LE(1, 77)
  return bytes
}

function descriptor(sectors: number): Buffer {
  const cylinders = Math.ceil(sectors / (16 * 63))
  const lines = [
    '# Disk DescriptorFile',
    'version=1',
    'CID=12345678',
    'parentCID=ffffffff',
    'createType="streamOptimized"',
    `RW ${sectors} SPARSE "disk.vmdk"`,
    'ddb.virtualHWVersion = "4"',
    'ddb.adapterType = "lsilogic"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    'ddb.geometry.heads = "16"',
    'ddb.geometry.sectors = "63"',
    '',
  ]
  const bytes = Buffer.alloc((overhead - 1) * sector)
  bytes.write(lines.join('\n'), 0, 'latin1')
  return bytes
}

function marker(sectors: number, type: number): Buffer {
  const bytes = Buffer.alloc(sector)
  bytes.writeBigUInt64LE(BigInt(sectors), 0)
  bytes.writeUInt32LE(type, 12)
  return bytes
}

/** A grain with its own marker: where it belongs, and how long it is compressed. */
function compressed(grain: Buffer, atSector: number): Buffer {
  const data = deflateSync(Buffer.concat([grain, Buffer.alloc(grainBytes - grain.length)]))
  const head = Buffer.alloc(12)
  head.writeBigUInt64LE(BigInt(atSector), 0)
  head.writeUInt32LE(data.length, 8)
  return padded(Buffer.concat([head, data]))
}

/** Little-endian words, filled up to whole sectors. */
function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4)
  return padded(bytes)
}

/**
 * A stream-optimised VMDK of a raw disk of whole sectors, as hypervisors export appliances (VMware, Virtual Disk Format
 * 5.0): the one kind whose size euca2ools can read, and that AWS imports. Grains of zeros are left out.
 */
export function streamOptimised(disk: Buffer): Buffer {
  const sectors = disk.length / sector
  const pieces: Buffer[] = [header(sectors, atTheEnd), descriptor(sectors)]
  let next = overhead
  const put = (piece: Buffer): number => {
    pieces.push(piece)
    next += piece.length / sector
    return next - piece.length / sector
  }
  const directory: number[] = []
  for (let table = 0; table * tableEntries * grainBytes < disk.length; table += 1) {
    const entries = Array.from({ length: tableEntries }, (_, index) => {
      const at = (table * tableEntries + index) * grainBytes
      const grain = disk.subarray(at, at + grainBytes)
      return grain.some((byte) => byte !== 0) ? put(compressed(grain, at / sector)) : 0
    })
    put(marker((tableEntries * 4) / sector, markers.table))
    directory.push(put(words(entries)))
  }
  put(marker(Math.ceil((directory.length * 4) / sector), markers.directory))
  const place = put(words(directory))
  put(marker(1, markers.footer))
  put(header(sectors, BigInt(place)))
  put(Buffer.alloc(sector))
  return Buffer.concat(pieces)
}

/** The first `bytes` of the disk in a stream-optimised VMDK, read from its front to its end. Throws for one that is none. */
export function diskOf(vmdk: Buffer, bytes: number): Buffer {
  if (vmdk.toString('latin1', 0, 4) !== 'KDMV') throw new Error('this is no VMDK')
  const disk = Buffer.alloc(bytes)
  for (let at = Number(vmdk.readBigUInt64LE(64)) * sector; ; ) {
    const [place, length, type] = [
      Number(vmdk.readBigUInt64LE(at)),
      vmdk.readUInt32LE(at + 8),
      vmdk.readUInt32LE(at + 12),
    ]
    if (length > 0) {
      const grain = inflateSync(vmdk.subarray(at + 12, at + 12 + length))
      if (place * sector < bytes) grain.copy(disk, place * sector)
      at += Math.ceil((12 + length) / sector) * sector
    } else if (type === 0) return disk
    else at += (1 + place) * sector
  }
}
