import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, spread } from '../src/figures/measure.ts'
import { burst, request, type Step } from './load.ts'
import { peers } from './peers.ts'
import { bodyOf, build } from './requests.ts'
import { startServer } from './server.ts'

/**
 * What a page of a listing costs in a bucket of a million keys over what it costs in one of ten thousand, for all kinds
 * of pages, in turns. Every tenth key has an older version, and there is an upload for every tenth. Arguments: keys of
 * the large bucket, rounds.
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

/** Requests one after the other on each of 16 connections, made a batch at a time. */
async function each(count: number, step: (index: number) => Step): Promise<void> {
  const batch = 20_000
  for (let from = 0; from < count; from += batch) {
    const steps = Array.from({ length: Math.min(batch, count - from) }, (_, index) => step(from + index))
    await burst(server, steps, 16)
  }
}

const versioned = bodyOf(Buffer.from('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'))

async function fill(bucket: string, keys: number): Promise<void> {
  const put = (path: string, body = empty, query = '') =>
    request(build(to, { method: 'PUT', path, query, body, expects: 200 }))
  await burst(server, [put(`/${bucket}`)], 1)
  await each(keys, (index) => put(`/${bucket}/${keyOf(index)}`))
  await burst(server, [put(`/${bucket}`, versioned, 'versioning=')], 1)
  await each(keys / 10, (index) => put(`/${bucket}/${keyOf(index * 10)}`))
  await each(keys / 10, (index) =>
    request(build(to, { method: 'POST', path: `/${bucket}/${keyOf(index * 10)}`, query: 'uploads=', expects: 200 })),
  )
}

/** Kinds of pages, by what is asked for to go on after a key; parameters in order, as they are signed. */
const kinds: readonly (readonly [name: string, query: (after: string) => string])[] = [
  ['1,000 keys', (after) => `list-type=2&max-keys=1000&start-after=${after}`],
  ['1,000 keys, encoded, after a marker', (after) => `encoding-type=url&marker=${after}&max-keys=1000`],
  ['the 100 keys with a prefix', (after) => `list-type=2&prefix=${after.slice(0, after.indexOf('%2F') + 3)}`],
  ['20 common prefixes', (after) => `delimiter=%2F&list-type=2&max-keys=20&start-after=${after}`],
  ['1,000 versions', (after) => `key-marker=${after}&max-keys=1000&versions=`],
  ['500 uploads', (after) => `key-marker=${after}&max-uploads=500&uploads=`],
]

/** Milliseconds of a page, of pages that begin all over the bucket; no two rounds ask for the same. */
async function pageCost(bucket: string, keys: number, query: (after: string) => string, round: number) {
  const steps: Step[] = Array.from({ length: pages }, (_, index) => {
    const after = encodeURIComponent(keyOf(Math.floor(((index + round / rounds) / pages) * keys * 0.4)))
    return request(build(to, { method: 'GET', path: `/${bucket}`, query: query(after), expects: 200 }))
  })
  const { seconds } = await burst(server, steps, 1)
  return (seconds * 1000) / pages
}

try {
  const begin = performance.now()
  await fill('few', few)
  await fill('many', many)
  console.log(`filled in ${((performance.now() - begin) / 1000).toFixed(0)} s`)
  for (const [name, query] of kinds) {
    const costs: { small: number; large: number }[] = []
    for (let round = 0; round < rounds; round += 1) {
      const small = await pageCost('few', few, query, round)
      costs.push({ small, large: await pageCost('many', many, query, round) })
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
