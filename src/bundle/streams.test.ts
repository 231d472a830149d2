import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { lastStage, tapped } from './streams.ts'

test('a tap sees every chunk before it is passed on', async () => {
  const seen: string[] = []
  const source = Readable.from([Buffer.from('a'), Buffer.from('b')])
  for await (const chunk of tapped(source, (bytes) => seen.push(`tap ${bytes}`))) seen.push(`next ${chunk}`)
  expect(seen).toEqual(['tap a', 'next a', 'tap b', 'next b'])
})

async function failWith(stage: (source: AsyncIterable<Uint8Array>) => Promise<void>, signal?: AbortSignal) {
  const last = lastStage(stage)
  const source = Readable.from([Buffer.alloc(1_000_000), Buffer.alloc(1_000_000)])
  try {
    await pipeline(source, createGzip({ level: 0 }), last.run, signal ? { signal } : {})
  } catch (error) {
    return last.firstError(error, signal)
  }
  return undefined
}

test.each<[string, () => Promise<unknown>]>([
  ['at once', () => Promise.resolve()],
  ['a tick later', () => new Promise<void>((done) => process.nextTick(done))],
  ['a turn later', () => new Promise((done) => setImmediate(done))],
])('a stage that fails %s is heard, however pipeline puts it', async (_, wait) => {
  const failure = new Error('no more room')
  for (let round = 0; round < 50; round += 1) {
    const heard = await failWith(async (source) => {
      for await (const _chunk of source) {
        await wait()
        throw failure
      }
    })
    expect(heard).toBe(failure)
  }
})

test('an abort is heard with its reason', async () => {
  const aborting = new AbortController()
  const reason = new Error('given up')
  const heard = await failWith(async (source) => {
    for await (const _chunk of source) aborting.abort(reason)
  }, aborting.signal)
  expect(heard).toBe(reason)
})

test('any other error stays what it is', () => {
  const error = new Error('bad data')
  expect(lastStage(async () => {}).firstError(error, AbortSignal.abort())).toBe(error)
})
