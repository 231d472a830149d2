import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { BundleRefused } from './refusal.ts'
import { archive, archiveSize, onlyMember } from './tar.ts'

async function* from(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const image = Buffer.from('0123456789'.repeat(100))
const plain = await collect(archive('image', image.length, from(image)))

function changed(change: (tar: Buffer) => void, fixChecksum = true): Buffer {
  const tar = Buffer.from(plain)
  change(tar)
  if (!fixChecksum) return tar
  tar.fill(' ', 148, 156)
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1')
  return tar
}

test.each([
  [0, 10_240],
  [1, 10_240],
  [8_704, 10_240],
  [8_705, 20_480],
])('the archive of %i bytes has whole records: %i', async (size, expected) => {
  const tar = await collect(archive('image', size, from(Buffer.alloc(size, 7))))
  expect(tar.length).toBe(expected)
  expect(archiveSize(size)).toBe(expected)
})

test('the header of an image of 9 GiB is read by us and by tar', async () => {
  const size = 9 * 2 ** 30
  const { value: head } = await archive('image', size, from()).next()
  // tar lists the header, then complains that the rest is missing.
  const { stdout } = spawnSync('tar', ['-tv'], { input: head as Buffer, encoding: 'utf8' })
  expect(stdout).toContain(` ${size} `)
  await expect(collect(onlyMember(from(head as Buffer), size))).rejects.toThrow('before the end')
})

test.each([1, 100, 511, 512, 513, 5000])('an archive in chunks of %i bytes is read', async (chunk) => {
  const chunks = Array.from({ length: Math.ceil(plain.length / chunk) }, (_, n) =>
    plain.subarray(n * chunk, (n + 1) * chunk),
  )
  expect((await collect(onlyMember(from(...chunks), image.length))).equals(image)).toBe(true)
})

test.each([
  ['too few', image.subarray(1)],
  ['too many', Buffer.concat([image, image])],
])('an image of %s bytes is refused by the writer', async (_, bytes) => {
  await expect(collect(archive('image', image.length, from(bytes)))).rejects.toThrow('1000 bytes')
})

test.each(['', 'x'.repeat(101), 'é'.repeat(51)])('the name %j is refused by the writer', async (name) => {
  await expect(collect(archive(name, 1, from(Buffer.alloc(1))))).rejects.toThrow(RangeError)
})

const typed = (type: string) => changed((tar) => tar.write(type, 156, 'latin1'))
const sized = (size: string) => changed((tar) => tar.write(size, 124, 'latin1'))

test.each<[string, Buffer, string]>([
  ['hard link', typed('1'), 'not a regular file'],
  ['symbolic link', typed('2'), 'not a regular file'],
  ['character device', typed('3'), 'not a regular file'],
  ['block device', typed('4'), 'not a regular file'],
  ['directory', typed('5'), 'not a regular file'],
  ['fifo', typed('6'), 'not a regular file'],
  ['contiguous file', typed('7'), 'not a regular file'],
  ['GNU long name', typed('L'), 'not a regular file'],
  ['GNU sparse file', typed('S'), 'not a regular file'],
  ['pax header', typed('x'), 'not a regular file'],
  ['pax global header', typed('g'), 'not a regular file'],
  ['two members', Buffer.concat([plain.subarray(0, 1536), plain]), 'behind its image'],
  ['the image twice in one archive', Buffer.concat([plain, plain]), 'behind its image'],
  ['bytes in the padding of the image', changed((tar) => tar.write('x', 512 + 1000)), 'behind its image'],
  ['endless zeros', Buffer.concat([plain, Buffer.alloc(2 ** 21)]), 'goes on for'],
  ['a larger size', sized('00000001751\x00'), '1001 bytes, but the manifest says 1000'],
  ['a smaller size', sized('00000001747\x00'), '999 bytes, but the manifest says 1000'],
  ['a negative size', changed((tar) => tar.fill(0xff, 124, 136)), 'NaN bytes'],
  ['a size of 2^88', changed((tar) => tar.fill(0x80, 124, 128)), 'NaN bytes'],
  ['a size in letters', sized('1000000000x\x00'), 'NaN bytes'],
  ['a wrong checksum', changed((tar) => tar.write('x', 0), false), 'no tar header'],
  ['no magic', changed((tar) => tar.fill(0, 257, 265)), 'no tar header'],
  ['zeros only', Buffer.alloc(10_240), 'no tar header'],
  ['an empty stream', Buffer.alloc(0), 'ends after 0 bytes'],
  ['half a header', plain.subarray(0, 300), 'within its header'],
  ['half an image', plain.subarray(0, 1000), 'before the end'],
  ['no end', plain.subarray(0, 1536 + 512), 'before the end'],
])('refused: %s', async (_, tar, message) => {
  const reading = collect(onlyMember(from(tar), image.length))
  await expect(reading).rejects.toThrow(BundleRefused)
  await expect(reading).rejects.toThrow(message)
})
