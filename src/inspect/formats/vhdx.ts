import { type Source, u64le } from '../bytes.ts'
import type { DiskHeader } from '../header.ts'

const places = { headers: [65_536, 131_072], regions: 196_608 }
/** GUIDs as their bytes stand in the file ([MS-VHDX] 2.2.3.2, 2.6.2). */
const guids = {
  metadata: '06a27c8b90479a4bb8fe575f050f886e',
  fileParameters: '3767a1ca36fa434db3b633f0aa44e76b',
  virtualSize: '2442a52f1bcd7648b2115dbed83bf4b8',
  parentLocator: '2d5fd3a80bb34d45abf7d3d84834ab0c',
}
const hasParentBit = 2

const refused = (problem: string): DiskHeader => ({ format: 'vhdx', problems: [problem] })

/** The header, the region table and the metadata of a VHDX file. */
export async function vhdxHeader(source: Source): Promise<DiskHeader> {
  const problems = await headerProblems(source)
  const regions = await source.at(places.regions, 65_536)
  if (regions?.toString('latin1', 0, 4) !== 'regi') return refused('its region table is missing')
  const region = entries(regions, 16, regions.readUInt32LE(8)).get(guids.metadata)
  const start = region && u64le(region, 16)
  const metadata = start === undefined ? undefined : await source.at(start, 65_536)
  if (start === undefined || metadata?.toString('latin1', 0, 8) !== 'metadata')
    return refused('its metadata is missing')
  const items = entries(metadata, 32, metadata.readUInt16LE(10))
  const item = (guid: string, length: number) => {
    const entry = items.get(guid)
    return entry && source.at(start + entry.readUInt32LE(16), length)
  }
  const [parameters, size] = [await item(guids.fileParameters, 8), await item(guids.virtualSize, 8)]
  if (!parameters || !size) return refused('its metadata does not say how large its disk is')
  const flags = parameters.readUInt32LE(4)
  const hasParent = (flags & hasParentBit) !== 0 || items.has(guids.parentLocator)
  return {
    format: 'vhdx',
    subformat: hasParent ? 'differencing' : flags & 1 ? 'fixed' : 'dynamic',
    virtualBytes: u64le(size, 0),
    problems: [...problems, hasParent ? 'it rests on another file (its parent)' : ''].filter(Boolean),
  }
}

/** The newer of the two headers decides; one with a log was not closed in order. */
async function headerProblems(source: Source): Promise<string[]> {
  const headers = await Promise.all(places.headers.map((at) => source.at(at, 4096)))
  const good = headers.filter((header) => header?.toString('latin1', 0, 4) === 'head')
  const [newest] = good.sort((one, other) => (other ? u64le(other, 8) : 0) - (one ? u64le(one, 8) : 0))
  if (!newest) return ['its headers are missing']
  const hasLog = newest.subarray(48, 64).some((byte) => byte !== 0)
  return hasLog ? ['it was not closed in order (its log has to be replayed)'] : []
}

/** Entries of 32 bytes behind a table's head, by the GUID that each begins with. */
function entries(table: Buffer, start: number, count: number): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (let index = 0; index < Math.min(count, 2047); index++) {
    const entry = table.subarray(start + index * 32, start + index * 32 + 32)
    if (entry.length < 32) break
    found.set(entry.toString('hex', 0, 16), entry)
  }
  return found
}
