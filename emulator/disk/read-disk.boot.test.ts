import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { clusterBytes, createQcow2 } from './qcow2.ts'
import { openDisk } from './read-disk.ts'

// Not a guest, but QEMU's own writer: what it leaves in a disk's file is read as QEMU itself reads it.
test('what QEMU wrote, overwrote with zeros and discarded is read as qemu-img reads it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-read-disk-'))
  try {
    const [image, overlay, flat] = ['image', 'overlay', 'flat'].map((name) => join(folder, name))
    if (!image || !overlay || !flat) throw new Error('three names make three paths')
    const bytes = 700 * 2 ** 20
    await writeFile(image, Buffer.alloc(3_000_000, 'image '))
    await createQcow2({ path: overlay, bytes, backing: { file: image, format: 'raw' } })
    const commands = [
      `write -P 0x61 ${clusterBytes - 512} 1k`,
      'write -P 0x62 600M 300k',
      'write -z 1M 128k',
      'write -z -u 601M 64k',
      'write -P 0x63 2M 256k',
      'discard 2M 64k',
      `write -P 0x64 ${bytes - 512} 512`,
    ]
    await execa('qemu-io', ['-f', 'qcow2', '-d', 'unmap', ...commands.flatMap((one) => ['-c', one]), overlay])
    await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', overlay, flat])
    const disk = await openDisk({ format: 'qcow2', file: overlay, backing: { format: 'raw', file: image } })
    expect((await buffer(disk.stream())).equals(await readFile(flat))).toBe(true)
    await disk.close()
  } finally {
    await rm(folder, { recursive: true })
  }
})
