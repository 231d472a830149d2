import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { cpioArchive } from '../../fixtures/cpio.ts'
import { ramdiskContents, type Unpack } from './initrd.ts'

const archive = (...paths: string[]) =>
  cpioArchive(paths.map((path) => ({ kind: 'file', path, mode: 0o644, bytes: Buffer.from(path.repeat(3)) })))

const unpack: Unpack = async function* (format, source) {
  if (format !== 'gzip') throw new Error(`no ${format} here`)
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  yield gunzipSync(Buffer.concat(pieces))
}

/** What is found when the bytes come in small pieces. */
async function contents(bytes: Buffer) {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
    bytes.subarray(index * 7, index * 7 + 7),
  )
  const { modules, unread } = await ramdiskContents(Readable.from(pieces), unpack)
  return { modules: [...modules], unread }
}
const blk = 'usr/lib/modules/6.1/kernel/drivers/block/virtio_blk.ko'

test.each<[string, Buffer, string[]]>([
  ['as it is', archive('init', blk), ['virtio_blk']],
  ['packed modules, and names with hyphens', archive(`${blk}.xz`, 'a/virtio-pci.ko.zst'), ['virtio_blk', 'virtio_pci']],
  ['packed as a whole', gzipSync(archive(blk)), ['virtio_blk']],
  [
    'behind microcode and zeros',
    Buffer.concat([archive('kernel/x86/microcode/x.bin'), Buffer.alloc(77), gzipSync(archive(blk))]),
    ['virtio_blk'],
  ],
  ['several archives', Buffer.concat([archive(blk), archive('a/virtio_net.ko')]), ['virtio_blk', 'virtio_net']],
  ['nothing', Buffer.alloc(512), []],
  ['names that only look so', archive('virtio_blk.koala', 'ko'), []],
])('the modules of a ramdisk: %s', async (_what, bytes, modules) =>
  expect(await contents(bytes)).toEqual({ modules, unread: undefined }),
)

test.each<[string, Buffer, RegExp]>([
  [
    'xz, where it cannot be unpacked',
    Buffer.concat([archive(blk), Buffer.from('fd377a585a0000', 'hex')]),
    /no xz here/,
  ],
  ['a packing nobody knows', Buffer.from('hello world'), /not known/],
  ['a name without end', Buffer.from(`070701${'f'.repeat(104)}`), /damaged/],
  ['numbers that are none', Buffer.from(`070701${'x'.repeat(104)}`), /damaged/],
  ['a cut header', archive(blk).subarray(0, 90), /damaged/],
  ['packed in packed in packed', [1, 2, 3, 4].reduce((inner) => gzipSync(inner), archive(blk)), /not known/],
])('what is not read of a ramdisk is told: %s', async (_what, bytes, why) =>
  expect((await contents(bytes)).unread).toMatch(why),
)

test('a ramdisk without end has one', async () => {
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    const member = Buffer.from(`070701${'0'.repeat(48)}${'3fffffff'}${'0'.repeat(32)}00000004${'0'.repeat(8)}big\0`)
    for (let first = true; ; first = false)
      yield first ? Buffer.concat([member, Buffer.alloc(4)]) : Buffer.alloc(2 ** 20)
  }
  expect((await ramdiskContents(endless(), unpack)).unread).toBe('it is larger than any')
})

test('a source that fails is not taken for a damaged ramdisk', async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield archive('init').subarray(0, 20)
    throw new Error('EIO')
  }
  await expect(ramdiskContents(failing(), unpack)).rejects.toThrow('EIO')
})
