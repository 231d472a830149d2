/** Below this many bytes the plain way is as fast. */
const worthWords = 64
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Adds `bytes[start, end)` to `sum`, as the high and low halves of words that begin at `origin` and every second byte. */
function addBytes(sum: number, bytes: Uint8Array, start: number, end: number, origin: number): number {
  let total = sum
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0
    total += ((index - origin) & 1) === 0 ? byte << 8 : byte
  }
  return total
}

/** The sum of 32-bit words, a multiple of four of them: doubles count exactly to far above what a packet can add up to. */
function addLongs(longs: Uint32Array): number {
  let [first, second, third, fourth] = [0, 0, 0, 0]
  for (let index = 0; index < longs.length; index += 4) {
    first += longs[index] ?? 0
    second += longs[index + 1] ?? 0
    third += longs[index + 2] ?? 0
    fourth += longs[index + 3] ?? 0
  }
  return first + second + third + fourth
}

/** Folds a sum to 16 bits, carries added (RFC 1071). */
function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000)
  return folded
}

/**
 * Adds the 16-bit words of `bytes[start, end)` to `sum`; an odd last byte is the high half of a word. The result is not
 * folded: give it to another `addWords`, or to `finish`. Long stretches are read as the machine's own 32-bit words: the
 * sum is the same in any width, and its two bytes change places with those of the words (RFC 1071, section 2).
 */
export function addWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  if (end - start < worthWords) return addBytes(sum, bytes, start, end, start)
  const first = start + (-(bytes.byteOffset + start) & 3)
  const count = ((end - first) >>> 4) * 4
  const last = first + count * 4
  const folded = fold(addLongs(new Uint32Array(bytes.buffer, bytes.byteOffset + first, count)))
  const isSwapped = isLittleEndian !== (((first - start) & 1) === 1)
  const own = isSwapped ? ((folded & 0xff) << 8) | (folded >>> 8) : folded
  return addBytes(addBytes(sum + own, bytes, start, first, start), bytes, last, end, start)
}

/** Turns a sum into the Internet checksum (RFC 1071). Of bytes that contain their right checksum it is 0. */
export function finish(sum: number): number {
  return ~fold(sum) & 0xffff
}

/** The sum over the pseudo header of TCP and UDP (RFC 793, section 3.1). */
export function pseudoHeader(source: number, destination: number, protocol: number, length: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length
}

/** A checksum after one of its words changed (RFC 1624, equation 3). */
export function replaceWord(checksum: number, before: number, after: number): number {
  return finish((~checksum & 0xffff) + (~before & 0xffff) + after)
}
