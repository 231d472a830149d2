import { type Answer, element, elements, escapeXml } from '../../../src/protocol/xml.ts'
import type { ListedObject } from '../../objects/object-rows.ts'
import type { PageEntry } from '../../objects/paging.ts'
import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { algorithmElements } from '../object/checksums.ts'
import type { S3Answer, S3World } from '../operation.ts'
import type { ListingRequest } from './listing.ts'

/** ISO 8601, of times that mostly lie in the same second. */
function timeWriter(): (time: number) => string {
  let second = Number.NaN
  let text = ''
  return (time) => {
    const now = Math.floor(time / 1000)
    if (now !== second) {
      second = now
      text = new Date(now * 1000).toISOString().slice(0, -'000Z'.length)
    }
    return `${text}${String(time - now * 1000).padStart(3, '0')}Z`
  }
}

/** Writes objects as elements of a listing; `also` is what comes after what all listings show. */
export type ObjectWriter = (name: string, object: ListedObject, also?: string) => string

/** Makes a writer for one page; the owners are named if it shows them. */
export function objectWriter(
  world: S3World,
  { encode, withOwner }: { encode: ListingRequest['encode']; withOwner: boolean },
): ObjectWriter {
  const timeOf = timeWriter()
  const owners = new Map<string, string>()
  const ownerOf = (canonicalId: string) => {
    const known = owners.get(canonicalId) ?? element('Owner', accountFields(world, canonicalId), 's3')
    owners.set(canonicalId, known)
    return known
  }
  return (name, { key, lastModified, etag, checksum, size, owner }, also = '') => {
    const time = timeOf(lastModified)
    const sums = checksum ? elements(algorithmElements(checksum), 's3') : ''
    const owned = withOwner ? ownerOf(owner) : ''
    return `<${name}><Key>${escapeXml(encode(key))}</Key><LastModified>${time}</LastModified><ETag>&quot;${etag}&quot;</ETag>${sums}<Size>${size}</Size><StorageClass>STANDARD</StorageClass>${owned}${also}</${name}>`
  }
}

/** So many characters are turned into bytes in one go: each time costs more than so many bytes do. */
const worthWriting = 8192

/** Text that grows at its end, as bytes of UTF-8. */
function textBytes(expected: number) {
  let bytes = Buffer.allocUnsafe(expected)
  let length = 0
  let text = ''
  const write = () => {
    // A character of UTF-16 has three bytes of UTF-8 at most.
    const most = length + text.length * 3
    if (most > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], Math.max(most, bytes.length * 2))
    length += bytes.write(text, length)
    text = ''
  }
  return {
    add(more: string): void {
      text += more
      if (text.length >= worthWriting) write()
    },
    all(): Buffer {
      write()
      return bytes.subarray(0, length)
    },
  }
}

/** What the answer to a listing is made of. */
export interface ListingAnswer<Row> {
  readonly root: string
  /** The elements in front of the rows. */
  readonly about: { [name: string]: Answer }
  readonly entries: readonly PageEntry<Row>[]
  readonly encode: ListingRequest['encode']
  readonly row: (row: Row) => string
}

/** The answer to a listing: rows and then common prefixes. It is written as bytes, for it may be long. */
export function listingAnswer<Row>({ root, about, entries, encode, row }: ListingAnswer<Row>): S3Answer {
  const close = `</${root}>`
  const text = textBytes(4096 + entries.length * 256)
  text.add((xmlAnswer(root, about).xml ?? '').slice(0, -close.length))
  for (const entry of entries) if ('row' in entry) text.add(row(entry.row))
  for (const entry of entries)
    if ('commonPrefix' in entry)
      text.add(`<CommonPrefixes><Prefix>${escapeXml(encode(entry.commonPrefix))}</Prefix></CommonPrefixes>`)
  text.add(close)
  const bytes = text.all()
  return { headers: { 'content-type': 'application/xml', 'content-length': String(bytes.length) }, bytes }
}
