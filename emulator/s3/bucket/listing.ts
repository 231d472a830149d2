import type { Answer } from '../../../src/protocol/xml.ts'
import type { Page, PageEntry } from '../../objects/paging.ts'
import { fault } from '../faults.ts'
import { pageSize } from '../numbers.ts'
import type { S3Call } from '../operation.ts'

/** What all listings of a bucket have in common. */
export interface ListingRequest {
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  /** Writes a name as the client wants it: with `encoding-type=url` percent-encoded, else as it is. */
  readonly encode: (name: string) => string
  /** The request, as the answer repeats it. */
  readonly echo: { readonly Prefix: string; readonly Delimiter: Answer; readonly EncodingType: Answer }
}

/** Slashes stay, as S3 leaves them. */
const percentEncode = (name: string) => encodeURIComponent(name.toWellFormed()).replaceAll('%2F', '/')

/** Reads the parameters of a listing; `limitName` is the one that says how many. Throws InvalidArgument. */
export function listingRequest(call: S3Call, limitName: string): ListingRequest {
  const type = call.query.get('encoding-type')
  if (type !== undefined && type !== 'url')
    throw fault('invalidArgument', 'Invalid Encoding Method specified in Request')
  const encode = type === 'url' ? percentEncode : (name: string) => name
  const prefix = call.query.get('prefix') ?? ''
  const delimiter = call.query.get('delimiter') ?? ''
  // An extension of Ceph that means nothing here, but for what it rules out.
  if (call.query.get('allow-unordered') === 'true' && delimiter !== '') {
    throw fault('invalidArgument', 'A listing that is not in order has no common prefixes')
  }
  const echo = {
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    EncodingType: type,
  }
  return { prefix, delimiter, limit: pageSize(call, limitName), encode, echo }
}

const nameOf = (entry: PageEntry<unknown>) => ('commonPrefix' in entry ? entry.commonPrefix : entry.name)

/** After which name the next page begins; undefined on the last page. */
export function nextAfter({ entries, truncated }: Page<unknown>): string | undefined {
  const last = entries.at(-1)
  return truncated && last ? nameOf(last) : undefined
}
