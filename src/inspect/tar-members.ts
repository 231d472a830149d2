import type { Source } from './bytes.ts'

const block = 512
/** More than any archive of a disk has. */
const mostMembers = 1000
const longestName = 64 * 1024

/** A stretch of a member's bytes: where they are in the member, where in the archive, how many. */
export interface Stretch {
  readonly at: number
  readonly from: number
  readonly length: number
}

/** A regular file in a tar archive. */
export interface TarMember {
  readonly name: string
  readonly size: number
  /** What is between them, and behind the last, is zeros. */
  readonly stretches: readonly Stretch[]
}

/** An archive that cannot be read, and why. */
export class TarRefused extends Error {
  override readonly name = 'TarRefused'
}

/**
 * The regular files of a tar archive (ustar, GNU with long names and sparse files, pax with sizes). Folders, links and
 * devices are passed over: they hold no bytes. Throws TarRefused for what cannot be followed; nothing is ever unpacked
 * by name.
 */
export async function tarMembers(source: Source): Promise<TarMember[]> {
  const members: TarMember[] = []
  let also: Also = {}
  let at = 0
  for (let count = 0; count < mostMembers; count++) {
    const head = await source.at(at, block)
    if (!head || head.every((byte) => byte === 0)) return members
    if (!isHeader(head)) throw new TarRefused(`the archive is damaged at byte ${at}`)
    const type = head.toString('latin1', 156, 157)
    const size = also.size ?? numberOf(head.subarray(124, 136))
    if (!Number.isSafeInteger(size) || size < 0) throw new TarRefused('the archive has a member of no known size')
    const body = at + block
    if (type === 'L' || type === 'x') {
      also = { ...also, ...(await extended(source, type, body, size)) }
    } else {
      const { data, sparse } = type === 'S' ? await sparseMap(source, head, body) : { data: body, sparse: undefined }
      const name = also.name ?? nameOf(head)
      if (data + size > source.size && holdsBytes(type)) throw new TarRefused(`the archive ends within ${name}`)
      const stretches = sparse ? placed(sparse.map, data, size) : [{ at: 0, from: data, length: size }]
      if (holdsBytes(type)) members.push({ name, size: sparse?.size ?? size, stretches })
      at = data + padded(size)
      also = {}
      continue
    }
    at = body + padded(size)
  }
  throw new TarRefused(`the archive has more than ${mostMembers} members`)
}

const holdsBytes = (type: string) => ['0', '\0', '7', 'S'].includes(type)
const padded = (size: number) => Math.ceil(size / block) * block
const nameOf = (head: Buffer) => untilNul(head.subarray(0, 100))
const untilNul = (bytes: Buffer) => bytes.toString('utf8').split('\0')[0] ?? ''

/** What an extended header says of the member behind it. */
interface Also {
  readonly name?: string
  readonly size?: number
}

async function extended(source: Source, type: 'L' | 'x', at: number, size: number): Promise<Also> {
  const bytes = size > longestName ? undefined : await source.at(at, size)
  if (!bytes) throw new TarRefused('the archive has an extended header that is too long or cut short')
  if (type === 'L') return { name: untilNul(bytes) }
  const found = new Map(
    [...bytes.toString('utf8').matchAll(/\d+ ([^=\n]+)=([^\n]*)\n/g)].map(([, key, value]) => [key, value]),
  )
  if ([...found.keys()].some((key) => key?.startsWith('GNU.sparse'))) {
    throw new TarRefused('the archive has a sparse file in the pax form: make it with tar --format=gnu')
  }
  const [name, length] = [found.get('path'), found.get('size')]
  return { ...(name !== undefined && { name }), ...(length !== undefined && { size: Number(length) }) }
}

function isHeader(head: Buffer): boolean {
  let sum = 8 * 0x20
  for (const [index, byte] of head.entries()) if (index < 148 || index >= 156) sum += byte
  return numberOf(head.subarray(148, 156)) === sum
}

/** Octal digits, or GNU's base-256 form for sizes from 8 GiB on. */
function numberOf(field: Buffer): number {
  if (field[0] === 0x80) return Number(field.readBigUInt64BE(field.length - 8))
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(field.toString('latin1')) ?? []
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8)
}

type Pairs = readonly (readonly [at: number, length: number])[]

/** GNU's map of a sparse file: four pairs in the header, 21 in each block that follows it. */
async function sparseMap(source: Source, head: Buffer, body: number) {
  const map = pairs(head, 386, 4)
  let more = head[482] === 1
  let data = body
  while (more) {
    const next = await source.at(data, block)
    if (!next || map.length > 100_000) throw new TarRefused("the archive's map of a sparse file has no end")
    map.push(...pairs(next, 0, 21))
    more = next[504] === 1
    data += block
  }
  return { data, sparse: { map, size: numberOf(head.subarray(483, 495)) } }
}

function pairs(bytes: Buffer, start: number, count: number): (readonly [number, number])[] {
  const all = Array.from({ length: count }, (_, index) => {
    const at = start + index * 24
    return [numberOf(bytes.subarray(at, at + 12)), numberOf(bytes.subarray(at + 12, at + 24))] as const
  })
  return all.filter(([at, length]) => at >= 0 && length > 0)
}

/** The map with each stretch's place in the archive. Throws TarRefused when it goes backwards or holds other bytes. */
function placed(map: Pairs, data: number, size: number): Stretch[] {
  let [from, end] = [data, 0]
  const stretches = map.map(([at, length]) => {
    if (at < end) throw new TarRefused("the archive's map of a sparse file goes backwards")
    end = at + length
    from += length
    return { at, from: from - length, length }
  })
  if (from !== data + size) throw new TarRefused("the archive's map of a sparse file does not fit its bytes")
  return stretches
}
