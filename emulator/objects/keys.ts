/**
 * Keys of the index: UTF-8 bytes, parts divided by a zero byte, so that LMDB's order is S3's order. Bucket names have no
 * zero byte; where a part may have one (an object's key) it comes last or is followed by one of fixed length.
 */
const divider = Buffer.of(0)

/** The key that begins with the given texts, each followed by a zero byte, and ends with `last`. */
export function indexKey(texts: readonly string[], last: string | Uint8Array = ''): Buffer {
  let head = ''
  for (const text of texts) head += `${text}\0`
  return typeof last === 'string' ? Buffer.from(head + last) : Buffer.concat([Buffer.from(head), last])
}

/** The most bytes that LMDB takes as a key; nothing can be under a longer one. */
export const longestIndexKey = 1978

/** Where to begin to read in a table. A position too long to be a key is cut: between the two there can be no key. */
export function seekKey(texts: readonly string[], from: Uint8Array): Buffer {
  return indexKey(texts, from).subarray(0, longestIndexKey)
}

/** The key of a part: parts of one upload sort by number. */
export function partKey(uploadId: string, partNumber: number): Buffer {
  const number = Buffer.alloc(2)
  number.writeUInt16BE(partNumber)
  return indexKey([uploadId], number)
}

/**
 * Each zero byte followed by 0xff: so what follows a text can begin with two zero bytes, whatever the text has, and texts
 * keep their order.
 */
function escapeZeros(text: Uint8Array): Buffer {
  return text.includes(0)
    ? Buffer.from([...text].flatMap((byte) => (byte === 0 ? [0, 0xff] : [byte])))
    : Buffer.from(text)
}

/** What the keys of all versions of an object begin with. */
export function versionsKey(bucket: string, key: string): Buffer {
  return indexKey([bucket], Buffer.concat([escapeZeros(Buffer.from(key)), divider, divider]))
}

/** The last number that a version can have. */
const lastSequence = 2 ** 48 - 1

/** The key of a version: those of one object sort from the newest, which has the greatest sequence, to the oldest. */
export function versionKey(bucket: string, key: string, sequence: number): Buffer {
  const fromLast = Buffer.alloc(6)
  fromLast.writeUIntBE(lastSequence - sequence, 0, 6)
  return Buffer.concat([versionsKey(bucket, key), fromLast])
}

/** Where to begin to read the versions of objects from a position among their keys on; see `seekKey`. */
export function seekVersions(bucket: string, from: Uint8Array): Buffer {
  return seekKey([bucket], escapeZeros(from))
}

/** The least key that is greater than a key. */
export const afterKey = (key: Uint8Array): Buffer => Buffer.concat([key, divider])

/** The least key that is greater than every key that begins with `prefix`. Empty when there is none. */
export function afterPrefix(prefix: Uint8Array): Buffer {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  const next = Buffer.from(prefix.subarray(0, length))
  if (length > 0) next[length - 1] = (next[length - 1] ?? 0) + 1
  return next
}
