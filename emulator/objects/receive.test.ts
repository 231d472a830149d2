import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { privateAcl } from './acl.ts'
import { type FileLayer, hostFiles } from './file-space.ts'
import { openObjectStore } from './store.ts'

const acl = privateAcl({ accountId: '1', canonicalId: '1' })
const chunk = (number: number) => Buffer.alloc(100_000, number)

/** A write that the disk has been asked for. */
interface Write {
  readonly sizes: readonly number[]
  done(error?: Error): void
}

/** A put whose writes wait until they are let go, and what became of its bytes. */
async function slowPut() {
  const folder = mkdtempSync(join(tmpdir(), 'receive-'))
  const writes: Write[] = []
  const files: FileLayer = {
    ...hostFiles,
    async append(file, pieces) {
      await new Promise<void>((resolve, reject) => {
        const sizes = pieces.map(({ length }) => length)
        writes.push({ sizes, done: (error) => (error ? reject(error) : resolve()) })
      })
      return hostFiles.append(file, pieces)
    },
  }
  const store = await openObjectStore({ folder, layers: { files } })
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })
  await store.createBucket({ name: 'bucket', acl, location: '' })
  const recycled: number[] = []
  const body = Object.assign(new PassThrough({ objectMode: true, highWaterMark: 1000 }), {
    recycle: (bytes: Buffer) => void recycled.push(bytes[0] ?? -1),
  })
  const put = store.putObject({ bucket: 'bucket', key: 'key', acl, headers: {}, metadata: {}, body })
  // Whoever waits for it is told; before that it may fail unheard.
  put.catch(() => undefined)
  const write = async (index: number): Promise<Write> => {
    await expect.poll(() => writes.length, { timeout: 20_000 }).toBeGreaterThan(index)
    return writes[index] as Write
  }
  const left = () =>
    readdirSync(join(folder, 'files'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length
  return { store, body, put, write, writes, recycled, left }
}

describe('a large body', () => {
  test('is taken on while it is written; what has come by then is written in one go', async () => {
    const { store, body, put, write, recycled } = await slowPut()
    body.write(chunk(0))
    const first = await write(0)
    expect(first.sizes).toEqual([100_000])
    for (let number = 1; number < 10; number += 1) body.write(chunk(number))
    await expect.poll(() => body.readableLength).toBe(0)
    expect(recycled).toEqual([])
    first.done()
    const second = await write(1)
    expect(second.sizes).toEqual(Array.from({ length: 9 }, () => 100_000))
    expect(recycled).toEqual([0])
    body.end()
    second.done()
    await put
    expect(recycled).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const stored = await buffer((await store.read('bucket', 'key')).body)
    expect(stored.equals(Buffer.concat(recycled.map(chunk)))).toBe(true)
  })

  test('waits for a disk that is far behind', async () => {
    const { body, put, write } = await slowPut()
    body.write(chunk(0))
    const first = await write(0)
    for (let number = 1; number < 100; number += 1) body.write(chunk(number))
    body.end()
    await expect.poll(() => body.readableLength).toBeLessThan(95)
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(body.readableLength).toBeGreaterThan(75)
    first.done()
    const second = await write(1)
    second.done()
    for (let index = 2, rest = 99 - second.sizes.length; rest > 0; index += 1) {
      const next = await write(index)
      rest -= next.sizes.length
      next.done()
    }
    expect((await put).data.size).toBe(100 * 100_000)
  })

  test('leaves nothing where a write fails', async () => {
    const { body, put, write, left } = await slowPut()
    body.write(chunk(0))
    const first = await write(0)
    body.write(chunk(1))
    first.done(new Error('the disk broke'))
    body.end()
    await expect(put).rejects.toThrow('the disk broke')
    expect(left()).toBe(0)
  })

  test('leaves nothing where it breaks off while it is written', async () => {
    const { body, put, write, left } = await slowPut()
    body.write(chunk(0))
    const first = await write(0)
    body.destroy(new Error('the client left'))
    first.done()
    await expect(put).rejects.toThrow('the client left')
    expect(left()).toBe(0)
  })
})
