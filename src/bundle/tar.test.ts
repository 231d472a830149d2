import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
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
  ['a sparse file whose map has no size', typed('S'), 'a size that is no number'],
  ['pax header', typed('x'), 'not a regular file'],
  ['pax global header', typed('g'), 'not a regular file'],
  ['two members', Buffer.concat([plain.subarray(0, 1536), plain]), 'behind its image'],
  ['the image twice in one archive', Buffer.concat([plain, plain]), 'behind its image'],
  ['bytes in the padding of the image', changed((tar) => tar.write('x', 512 + 1000)), 'behind its image'],
  ['endless zeros', Buffer.concat([plain, Buffer.alloc(2 ** 21)]), 'goes on for'],
  ['a larger size', sized('00000001751\x00'), '1001 bytes, but the manifest says 1000'],
  ['a smaller size', sized('00000001747\x00'), '999 bytes, but the manifest says 1000'],
  ['a negative size', changed((tar) => tar.fill(0xff, 124, 136)), 'a size that is no number'],
  ['a size of 2^88', changed((tar) => tar.fill(0x80, 124, 128)), 'a size that is no number'],
  ['a size in letters', sized('1000000000x\x00'), 'a size that is no number'],
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

test.each([
  ['no hole', [[0, 200_000]], 200_000],
  ['holes at both ends', [[50_000, 10_000]], 300_001],
  ['more pieces than a header holds', Array.from({ length: 60 }, (_, n) => [n * 65_536 + 4096, 5000]), 4_194_304],
  ['nothing but a hole', [], 1_000_000],
] as [string, [number, number][], number][])('a sparse archive by tar -S is read: %s', async (_, pieces, size) => {
  const folder = mkdtempSync(join(tmpdir(), 'tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const expected = Buffer.alloc(size)
  const file = openSync(join(folder, 'image'), 'w')
  ftruncateSync(file, size)
  for (const [offset, length] of pieces) {
    const written = Math.min(length, size - offset)
    expected.fill('data', offset, offset + written)
    writeSync(file, expected, offset, written, offset)
  }
  closeSync(file)
  const tar = execFileSync('tar', ['-c', '-h', '-S', '--format=gnu', 'image'], { cwd: folder, maxBuffer: 2 ** 26 })
  expect((await collect(onlyMember(from(tar), size))).equals(expected)).toBe(true)
  await expect(collect(onlyMember(from(tar), size + 1))).rejects.toThrow(`but the manifest says ${size + 1}`)
})

/** A sparse archive of an image of 1,000 bytes by its map; each piece is filled with stars. */
function sparse(map: [string, string][], stored: number, { size = '00000001750\x00', extended = 0 } = {}): Buffer {
  const tar = Buffer.concat([
    changed((bytes) => {
      bytes.write('S', 156, 'latin1')
      bytes.write(`${stored.toString(8).padStart(11, '0')}\x00`, 124, 'latin1')
      for (const [index, [offset, length]] of map.entries()) {
        bytes.write(`${offset}\x00`.padStart(12, '0'), 386 + index * 24, 'latin1')
        bytes.write(`${length}\x00`.padStart(12, '0'), 398 + index * 24, 'latin1')
      }
      bytes.writeUInt8(extended, 482)
      bytes.write(size, 483, 'latin1')
    }).subarray(0, 512),
    Buffer.alloc(stored, '*'),
  ])
  return Buffer.concat([tar, Buffer.alloc(Math.ceil(tar.length / 512) * 512 - tar.length + 1024)])
}

test('the sparse archive that the next cases start from is good', async () => {
  const image = await collect(
    onlyMember(
      from(
        sparse(
          [
            ['10', '20'],
            ['1000', '1'],
          ],
          17,
        ),
      ),
      1000,
    ),
  )
  expect(
    image.equals(
      Buffer.concat([Buffer.alloc(8), Buffer.alloc(16, '*'), Buffer.alloc(488), Buffer.from('*'), Buffer.alloc(487)]),
    ),
  ).toBe(true)
})

test.each<[string, Buffer, string]>([
  [
    'pieces that overlap',
    sparse(
      [
        ['0', '20'],
        ['10', '20'],
      ],
      32,
    ),
    'overlap',
  ],
  [
    'pieces out of order',
    sparse(
      [
        ['100', '20'],
        ['0', '20'],
      ],
      32,
    ),
    'out of order',
  ],
  ['a piece beyond the image', sparse([['1740', '20']], 16), 'out of order or of the image'],
  ['a negative offset', sparse([['-10', '20']], 16), 'out of order'],
  ['a length in letters', sparse([['10', 'xyz']], 16), 'out of order'],
  ['a length of 2^33', sparse([['0', '77777777777']], 16), 'of the image'],
  ['more stored than mapped', sparse([['0', '20']], 17), 'have 16 bytes, but its header says 17'],
  ['less stored than mapped', sparse([['0', '20']], 15), 'have 16 bytes, but its header says 15'],
  ['another size', sparse([['0', '20']], 16, { size: '00000001751\x00' }), '1001 bytes, but the manifest says 1000'],
  ['a map that goes on beyond the end', sparse([['0', '20']], 0, { extended: 1 }).subarray(0, 700), 'within the map'],
  [
    'a map without end',
    Buffer.concat([
      sparse([['0', '20']], 0, { extended: 1 }).subarray(0, 512),
      Buffer.alloc(512 * 50_000, '00000000000\x00'.repeat(42) + '\x01'.repeat(8), 'latin1'),
    ]),
    'over 1048576 pieces',
  ],
])('refused: sparse, %s', async (_, tar, message) => {
  const reading = collect(onlyMember(from(tar), image.length))
  await expect(reading).rejects.toThrow(BundleRefused)
  await expect(reading).rejects.toThrow(message)
})
