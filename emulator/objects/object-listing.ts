import { afterKey, afterPrefix, indexKey, longestIndexKey } from './keys.ts'
import type { ListedObject } from './object-rows.ts'
import { type Page, type PageRequest, page } from './paging.ts'
import type { Tables } from './tables.ts'

/** The objects of a bucket from a position on; their keys are read from the index, where they follow the bucket's name. */
function scanOf(tables: Pick<Tables, 'shownObjects'>, bucket: string) {
  const begin = indexKey([bucket])
  const end = afterPrefix(begin)
  return function* (from: Uint8Array) {
    const start = Buffer.concat([begin, from]).subarray(0, longestIndexKey)
    for (const { key, value } of tables.shownObjects({ start, end })) {
      const name = key.slice(bucket.length + 1)
      const { etag, size, lastModified, owner, checksum } = value
      yield { name, row: { key: name, etag, size, lastModified, owner, checksum } }
    }
  }
}

/** A page of a bucket's keys, in order of their UTF-8 bytes. One with a delimiter, which seeks a lot, is remembered. */
export function listObjects(
  tables: Pick<Tables, 'shownObjects' | 'pages'>,
  bucket: string,
  request: PageRequest,
): Page<ListedObject> {
  const { prefix, delimiter, after, limit } = request
  const start = after === '' ? undefined : afterKey(Buffer.from(after))
  const read = () => page(scanOf(tables, bucket), request, start)
  if (delimiter === '') return read()
  return tables.pages.recall(bucket, JSON.stringify([prefix, delimiter, after, limit]), read)
}
