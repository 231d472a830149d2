import { type Source, u64le } from '../bytes.ts'
import type { DiskHeader } from '../header.ts'

const types: Record<number, string> = { 1: 'dynamic', 2: 'fixed', 3: 'undo', 4: 'differencing' }

/** The header of a VirtualBox disk (version 1.1); undo and differencing ones rest on another file. */
export async function vdiHeader(source: Source): Promise<DiskHeader> {
  const header = await source.at(0, 512)
  if (!header) return { format: 'vdi', problems: ['it ends within its header'] }
  const subformat = types[header.readUInt32LE(76)] ?? 'unknown'
  const blockBytes = header.readUInt32LE(376)
  const blocks = header.readUInt32LE(384)
  const virtualBytes = u64le(header, 368)
  const problems = [
    header.readUInt32LE(68) === 0x0001_0001 ? '' : 'it is of a version that is not known',
    subformat === 'dynamic' || subformat === 'fixed' ? '' : 'it rests on another file (its parent)',
    header.subarray(440, 456).some((byte) => byte !== 0) ? 'it names another file as its parent' : '',
    blockBytes === 2 ** 20 && blockBytes * blocks >= virtualBytes ? '' : 'its table is too short for its disk',
    header.readUInt32LE(340) + blocks * 4 > source.size
      ? 'its table lies beyond its end: it is cut short or damaged'
      : '',
  ].filter(Boolean)
  return { format: 'vdi', subformat, virtualBytes, problems: [...new Set(problems)] }
}
