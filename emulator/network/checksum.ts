/**
 * Adds the 16-bit words of `bytes[start, end)` to `sum`; an odd last byte is the high half of a word. The result is not
 * folded: give it to another `addWords`, or to `finish`. At most 64 KiB in all, so that it stays below 2^32.
 */
export function addWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let total = sum
  const even = end - ((end - start) & 1)
  for (let index = start; index < even; index += 2) total += ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)
  return even < end ? total + ((bytes[even] ?? 0) << 8) : total
}

/** Folds a sum into the Internet checksum (RFC 1071). Of bytes that contain their right checksum it is 0. */
export function finish(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return ~folded & 0xffff
}

/** The sum over the pseudo header of TCP and UDP (RFC 793, section 3.1). */
export function pseudoHeader(source: number, destination: number, protocol: number, length: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length
}

/** A checksum after one of its words changed (RFC 1624, equation 3). */
export function replaceWord(checksum: number, before: number, after: number): number {
  return finish((~checksum & 0xffff) + (~before & 0xffff) + after)
}
