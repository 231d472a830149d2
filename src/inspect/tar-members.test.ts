import { describe, expect, test } from 'vitest'
import { sourceOf } from './bytes.ts'
import { tarMembers } from './tar-members.ts'

/** A member's header, with what a test changes in it before its sum is taken. */
function head(name: string, size: number, type = '0', change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(512)
  bytes.write(name)
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  bytes.write(`        ${type}ustar`, 148)
  change(bytes)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}
const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
const body = (text: string) => padded(Buffer.from(text))
const end = Buffer.alloc(1024)
const members = (...blocks: Buffer[]) => {
  const bytes = Buffer.concat(blocks)
  return tarMembers(sourceOf(async (at, length) => bytes.subarray(at, at + length), bytes.length))
}
const octal = (number: number) => `${number.toString(8).padStart(11, '0')}\0`
/** A sparse file of 5,000 bytes: four at 1,000 and three at 4,000. */
const sparse = (change: (bytes: Buffer) => void = () => undefined) =>
  head('disk.raw', 7, 'S', (bytes) => {
    bytes.write([1000, 4, 4000, 3].map(octal).join(''), 386)
    bytes.write(octal(5000), 483)
    change(bytes)
  })
const pax = (text: string) => [head('PaxHeader', Buffer.byteLength(text), 'x'), body(text)]

test('regular files are listed, with where their bytes are', async () => {
  expect(
    await members(head('folder/', 0, '5'), head('a', 5), body('hello'), head('link', 0, '2'), head('b', 0), end),
  ).toEqual([
    { name: 'a', size: 5, stretches: [{ at: 0, from: 1024, length: 5 }] },
    { name: 'b', size: 0, stretches: [{ at: 0, from: 2560, length: 0 }] },
  ])
})

test('long names, of GNU and of pax, and sizes of pax', async () => {
  const long = 'x'.repeat(200)
  const found = await members(
    ...[head('././@LongLink', 201, 'L'), body(`${long}\0`), head('cut', 1), body('1')],
    ...[...pax('13 path=äöü\n10 size=3\n'), head('other', 0), body('123'), end],
  )
  expect(found.map(({ name, size }) => [name, size])).toEqual([
    [long, 1],
    ['äöü', 3],
  ])
})

test('a sparse file of GNU, as of Google’s images', async () => {
  const stretches = [
    { at: 1000, from: 512, length: 4 },
    { at: 4000, from: 516, length: 3 },
  ]
  expect(await members(sparse(), body('abcdefg'), end)).toEqual([{ name: 'disk.raw', size: 5000, stretches }])
  const more = Buffer.alloc(512)
  more.write([4500, 2].map(octal).join(''))
  const extended = sparse((bytes) => {
    bytes[482] = 1
    bytes.write(octal(9), 124)
  })
  const [member] = await members(extended, more, body('abcdefghi'), end)
  expect(member?.stretches.at(-1)).toEqual({ at: 4500, from: 1031, length: 2 })
})

describe('refused', () => {
  test.each<[string, Buffer[], RegExp]>([
    ['what is no archive', [Buffer.alloc(512, 'x')], /damaged at byte 0/],
    ['a size that is no number', [head('a', 0, '0', (bytes) => bytes.write('zz', 124))], /no known size/],
    ['a negative size of pax', [...pax('11 size=-9\n'), head('a', 0), end], /no known size/],
    ['a file that goes on behind the end', [head('a', 4096), body('x')], /ends within a/],
    ['a name of 1 MiB', [head('x', 2 ** 20, 'L')], /too long/],
    ['a sparse file of pax', [...pax('22 GNU.sparse.major=1\n'), head('a', 0), end], /tar --format=gnu/],
    ['a sparse map without end', [sparse((bytes) => bytes.fill(1, 482, 483))], /no end/],
    ['a sparse map that goes back', [sparse((bytes) => bytes.write(octal(9), 410)), body('abcdefg')], /backwards/],
    ['a sparse map of more bytes', [sparse((bytes) => bytes.write(octal(9), 422)), body('abcdefg')], /does not fit/],
    ['too many members', Array.from({ length: 1001 }, () => head('a', 0)), /more than 1000/],
  ])('%s', async (_what, blocks, why) => expect(members(...blocks)).rejects.toThrow(why))
})
