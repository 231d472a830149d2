import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, spread } from '../src/figures/measure.ts'
import { burst, request, type Step } from './load.ts'
import { peers } from './peers.ts'
import { bodyOf, build } from './requests.ts'
import { startServer } from './server.ts'

/**
 * What a page of a listing costs in a bucket of a million keys over what it costs in one of ten thousand: flat pages and
 * pages of common prefixes, in turns. Arguments: keys of the large bucket, rounds.
 */
const [many = 1_000_000, rounds = 10] = process.argv.slice(2).map(Number)
const few = 10_000
const pages = 20
const ours = peers.find(({ name }) => name === 'euca-emu-ephemeral')
if (!ours) throw new Error('there is no server of ours')
const work = await mkdtemp(join(tmpdir(), 'euca-emu-listing-'))
const server = await startServer(ours, work, work)
const to = server.endpoint
const empty = bodyOf(Buffer.alloc(0))
/** A hundred keys share a prefix that ends with a slash. */
const keyOf = (index: number) =>
  `p-${String(Math.floor(index / 100)).padStart(6, '0')}/k-${String(index % 100).padStart(2, '0')}`

async function fill(bucket: string, keys: number): Promise<void> {
  await burst(server, [request(build(to, { method: 'PUT', path: `/${bucket}`, expects: 200 }))], 1)
  const batch = 20_000
  for (let from = 0; from < keys; from += batch) {
    const steps = Array.from({ length: Math.min(batch, keys - from) }, (_, index) =>
      request(build(to, { method: 'PUT', path: `/${bucket}/${keyOf(from + index)}`, body: empty, expects: 200 })),
    )
    await burst(server, steps, 16)
  }
}

/** Milliseconds of a page, of pages that begin all over the bucket. */
async function pageCost(bucket: string, keys: number, size: number, delimiter: string): Promise<number> {
  const steps: Step[] = Array.from({ length: pages }, (_, index) => {
    const after = encodeURIComponent(keyOf(Math.floor((index / pages) * keys * 0.8)))
    const query = `${delimiter && `delimiter=${delimiter}&`}list-type=2&max-keys=${size}&start-after=${after}`
    return request(build(to, { method: 'GET', path: `/${bucket}`, query, expects: 200 }))
  })
  const { seconds } = await burst(server, steps, 1)
  return (seconds * 1000) / pages
}

try {
  await fill('few', few)
  await fill('many', many)
  for (const [name, size, delimiter] of [
    ['page of 1,000 keys', 1000, ''],
    ['page of 20 common prefixes', 20, '%2F'],
  ] as const) {
    const costs: { small: number; large: number }[] = []
    for (let round = 0; round < rounds; round += 1) {
      const small = await pageCost('few', few, size, delimiter)
      costs.push({ small, large: await pageCost('many', many, size, delimiter) })
    }
    const ratio = spread(costs.map(({ small, large }) => large / small))
    const [small, large] = (['small', 'large'] as const).map((which) => median(costs.map((cost) => cost[which])))
    console.log(`${name}: ${large?.toFixed(2)} ms of ${many}, ${small?.toFixed(2)} ms of ${few} keys, ratio ${ratio}`)
  }
  const { own, mapped } = await server.memory()
  console.log(`memory afterwards: ${own.toFixed(0)} MiB of its own, ${mapped.toFixed(0)} MiB of mapped files`)
} finally {
  await server.stop()
  await rm(work, { recursive: true, force: true })
}
