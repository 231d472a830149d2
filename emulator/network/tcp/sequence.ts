/** Sequence numbers count modulo 2^32 (RFC 793, section 3.3). */
export const advance = (sequence: number, by: number): number => (sequence + by) >>> 0

/** How far `to` lies after `from`; negative when it lies before. */
export const distance = (from: number, to: number): number => (to - from) | 0
