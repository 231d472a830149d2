import { BundleRefused } from './refusal.ts'

/** The refusal of a member whose size, NaN when its header has none, is not the one that the manifest says. */
export function wrongSize(size: number, expected: number): BundleRefused {
  const found = Number.isNaN(size) ? 'a size that is no number' : `${size} bytes`
  return new BundleRefused(`the archive's member has ${found}, but the manifest says ${expected}`)
}

/** A number of a tar header: octal digits, or the base-256 form of GNU tar. NaN for anything else, negative ones too. */
export function readNumber(field: Buffer): number {
  if (field[0] === 0x80) return readBinary(field)
  const digits = /^ *([0-7]+)[ \x00]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? Number.NaN : Number.parseInt(digits, 8)
}

function readBinary(field: Buffer): number {
  const last = field.length - 8
  return field.subarray(1, last).every((byte) => byte === 0) ? Number(field.readBigUInt64BE(last)) : Number.NaN
}
