import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { privateAcl } from './acl.ts'
import { DiskFull, watchFreeSpace } from './free-space.ts'
import { openObjectStore } from './store.ts'

const mebibyte = 2 ** 20
const acl = privateAcl({ accountId: '1', canonicalId: '1' })

/** What root does with disks. */
const programs = { mount: 'mount', umount: 'umount' }

/** A disk of its own of so many MiB, in memory; undefined for users who may not have one. */
function smallDisk(size: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'))
  const { status } = spawnSync(programs.mount, ['-t', 'tmpfs', '-o', `size=${size}m`, 'none', folder])
  if (status !== 0) {
    rmdirSync(folder)
    return undefined
  }
  onTestFinished(() => {
    // At once from the tree, also when a failed test left a file open.
    spawnSync(programs.umount, ['--lazy', folder])
    rmdirSync(folder)
  })
  return folder
}

describe('what is free', () => {
  test('is looked at seldom while there is much, and always near the end', async () => {
    const clock = manualClock()
    let [free, looks] = [1000 * mebibyte, 0]
    let gaps = 0
    const disk = async () => {
      looks += 1
      return free
    }
    const space = watchFreeSpace({ disk, index: () => gaps }, clock)
    const take = async (bytes: number, place: 'file' | 'index' = 'file') => void (await space.take(bytes, place))
    for (let time = 0; time < 100; time += 1) await take(mebibyte)
    expect(looks).toBe(1)
    await clock.advance(1001)
    await take(mebibyte)
    expect(looks).toBe(2)
    free = 17 * mebibyte
    await clock.advance(1001)
    await take(mebibyte)
    await expect(take(mebibyte + 1)).rejects.toThrow(DiskFull)
    gaps = 4 * mebibyte
    await take(2 * mebibyte, 'index')
    await expect(take(2 * mebibyte)).rejects.toThrow(DiskFull)
    await expect(take(2 * mebibyte + 1, 'index')).rejects.toThrow(DiskFull)
    free = 8 * mebibyte
    await expect(take(1, 'index')).rejects.toThrow(DiskFull)
    free = 1000 * mebibyte
    await take(2 * mebibyte)
    expect(looks).toBe(9)
  })
})

// Only root can mount a disk; for others the injected one in durability.test.ts stands.
test.skipIf(process.getuid?.() !== 0)(
  'on a small disk, large and small objects are refused in the end, and deleting them makes room',
  { timeout: 120_000 },
  async (context) => {
    const disk = smallDisk(32)
    if (disk === undefined) return context.skip('root may not mount a disk here')
    const store = await openObjectStore({ folder: join(disk, 'objects') })
    await store.createBucket({ name: 'b', acl, location: '' })
    const put = (key: string, size: number) => {
      const body = Readable.from([Buffer.alloc(size / 2, key), Buffer.alloc(size / 2, key)])
      return store.putObject({ bucket: 'b', key, acl, headers: {}, metadata: {}, body })
    }
    // Large ones first: what small ones have taken is the index's for ever.
    for (const size of [mebibyte, 60_000]) {
      let stored = 0
      await expect(
        (async () => {
          for (; stored < 1000; stored += 1) await put(`${size}/${stored}`, size)
        })(),
      ).rejects.toThrow(DiskFull)
      expect(stored).toBeGreaterThan(5)
      for (let each = 0; each < stored; each += 1) await store.deleteObject('b', `${size}/${each}`)
      await expect.poll(() => put(`again/${size}`, size).then(() => 'stored', String)).toBe('stored')
    }
    await store.close()
  },
)
