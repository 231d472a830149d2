import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { blockSize } from './block-memory.ts'
import { type ChecksumAlgorithm, checksumAlgorithms, startChecksum } from './checksums.ts'
import { createHashPool, type HashPool } from './hash-pool.ts'
import { type PayloadStream, payloadStream } from './payload.ts'
import { type PayloadPlan, payloadPlan, payloadWords } from './payload-plan.ts'
import { sha256 } from './sigv4.ts'

const data = Buffer.alloc(5 * blockSize + 12_345)
for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(at % 1_000_003, Math.min(at, data.length - 4))

const sumOf = (algorithm: ChecksumAlgorithm | 'md5', bytes = data) => {
  const sum = startChecksum(algorithm)
  sum.update(bytes)
  return sum.digest()
}

function pool(): HashPool {
  const made = createHashPool(2)
  onTestFinished(() => made.close())
  return made
}

const cut = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))

const large = (source: Readable, plan: PayloadPlan, threads = pool()): PayloadStream =>
  payloadStream(source, plan, false, threads)

const planned = (also: Partial<PayloadPlan> = {}): PayloadPlan => ({ length: data.length, ...also })

/** Reads it as the store does, which lets go of what it has written. */
async function read(stream: PayloadStream): Promise<Buffer> {
  const hash = createHash('sha256')
  const sizes: number[] = []
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    await new Promise((resolve) => setImmediate(resolve))
    hash.update(bytes)
    sizes.push(bytes.length)
    stream.recycle?.(bytes)
  }
  expect(sizes.slice(0, -1).every((size) => size === blockSize)).toBe(true)
  return hash.digest()
}

const source = (size = 65_536, bytes = data) => Readable.from(cut(bytes, size))

describe('a large body', () => {
  test.each(checksumAlgorithms)('is hashed on threads, whatever it brings: %s', async (algorithm) => {
    const checksum = { algorithm, value: sumOf(algorithm).toString('base64') }
    const md5 = sumOf('md5').toString('hex')
    const stream = large(source(), planned({ sha256: sha256(data), md5, checksum }))
    expect(await read(stream)).toEqual(sumOf('sha256'))
    expect(stream.digests()).toEqual({ length: data.length, md5, sha256: sha256(data), checksum })
  })

  test.each([1000, 65_536, blockSize, blockSize + 1, data.length])('in pieces of %s bytes', async (size) => {
    const stream = large(source(size), planned())
    expect(await read(stream)).toEqual(sumOf('sha256'))
    expect(stream.digests().md5).toBe(sumOf('md5').toString('hex'))
  })

  test('whose reader never lets go of bytes keeps them as they are', async () => {
    const threads = pool()
    const pieces = await large(source(), planned(), threads).toArray()
    expect(await read(large(source(), planned(), threads))).toEqual(sumOf('sha256'))
    expect(Buffer.concat(pieces).equals(data)).toBe(true)
  })

  test('several at a time', async () => {
    const threads = pool()
    const all = Array.from({ length: 6 }, () => read(large(source(), planned({ sha256: sha256(data) }), threads)))
    expect(await Promise.all(all)).toEqual(all.map(() => sumOf('sha256')))
  })

  test('in chunks', async () => {
    const wire = cut(data, 100_000).map((piece) =>
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    )
    const end = Buffer.from(`0\r\nx-amz-checksum-crc32:${sumOf('crc32').toString('base64')}\r\n\r\n`)
    const plan = payloadPlan(
      [
        ['x-amz-decoded-content-length', String(data.length)],
        ['x-amz-trailer', 'x-amz-checksum-crc32'],
      ],
      payloadWords.unsignedChunksTrailer,
    )
    const stream = large(source(65_536, Buffer.concat([...wire, end])), plan)
    expect(await read(stream)).toEqual(sumOf('sha256'))
    expect(stream.digests().checksum).toEqual({ algorithm: 'crc32', value: sumOf('crc32').toString('base64') })
  })

  const other = Buffer.from('else')
  const refused: [name: string, plan: Partial<PayloadPlan>, code: string][] = [
    ['another SHA-256', { sha256: sha256(other) }, 'XAmzContentSHA256Mismatch'],
    ['another MD5', { md5: sumOf('md5', other).toString('hex') }, 'BadDigest'],
    [
      'both, of which the hash is told first',
      { sha256: sha256(other), md5: sumOf('md5', other).toString('hex') },
      'XAmzContentSHA256Mismatch',
    ],
    [
      'another checksum',
      { checksum: { algorithm: 'crc32c', value: sumOf('crc32c', other).toString('base64') } },
      'BadDigest',
    ],
    ['too few bytes', { length: data.length + 1 }, 'IncompleteBody'],
    ['too many bytes', { length: data.length - 1 }, 'IncompleteBody'],
  ]
  test.each(refused)('is refused: %s', async (_name, plan, code) => {
    await expect(read(large(source(), planned(plan)))).rejects.toMatchObject({ row: { code } })
  })

  test('that breaks off gives IncompleteBody, and the threads go on with the next', async () => {
    const threads = pool()
    const broken = new PassThrough()
    const reading = read(large(broken, planned(), threads))
    broken.write(data.subarray(0, 3 * blockSize))
    broken.destroy(new Error('aborted'))
    await expect(reading).rejects.toMatchObject({ row: { code: 'IncompleteBody' }, cause: { message: 'aborted' } })
    expect(await read(large(source(), planned(), threads))).toEqual(sumOf('sha256'))
  })

  test('fails when its threads end', async () => {
    const threads = createHashPool(2)
    const body = new PassThrough()
    const reading = read(large(body, planned(), threads))
    body.write(data.subarray(0, 2 * blockSize))
    await threads.close()
    await expect(reading).rejects.toThrow('a hashing thread has ended')
  })

  test('is not read ahead of its consumer', async () => {
    let given = 0
    const long = new Readable({
      read() {
        given += 65_536
        this.push(given > 200 * blockSize ? null : Buffer.alloc(65_536))
      },
    })
    const stream = large(long, { length: 2 ** 40 })
    await new Promise((resolve) => stream.once('readable', resolve))
    for (let turn = 0; turn < 1000; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(given).toBeLessThan(16 * blockSize)
    stream.destroy()
  })
})
