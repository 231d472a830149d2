import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { s3Request } from '../src/client/s3.ts'
import { testSettings } from './cloud.harness.ts'
import { mutate, mutations, signedSamples } from './fuzz.harness.ts'
import { type RunningEmulator, startCloud } from './index.ts'
import { fakeHypervisor } from './node/fake.ts'
import { systemClock } from './state/clock.ts'

/*
 * Requests of every kind that have been changed at random: whatever comes, there is an answer or the connection ends, no
 * answer says that the fault is ours, and the next request is served.
 */
const data = mkdtempSync(join(tmpdir(), 'fuzz-'))
let emulator: RunningEmulator

beforeAll(async () => {
  emulator = await startCloud({
    cloud: testSettings('aws'),
    ...{ data, host: '127.0.0.1', port: 0, version: '0', accelerator: 'tcg', hypervisor: fakeHypervisor() },
    services: 's3',
    log: () => undefined,
  })
  await emulator.ready()
  const target = { ...emulator.credentials, endpoint: emulator.url, region: 'us-east-1' }
  const made = await s3Request(target, { method: 'PUT', path: '/fuzz', headers: { 'x-amz-acl': 'public-read-write' } })
  expect(made.status).toBe(200)
})
afterAll(async () => {
  await emulator.stop()
  rmSync(data, { recursive: true })
})

/** How long a single answer may take, on a machine that does a lot else. */
const patience = 60_000

/** A request that lacks its end is ended after so long: without an answer Node waits for the rest. */
const wholeAfter = 200

/** Sends bytes, and resolves with all that comes back until the connection ends. */
function send(bytes: Buffer, isWhole: boolean): Promise<string> {
  const { hostname, port } = new URL(emulator.url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const closed = new AbortController()
    const after = (milliseconds: number, work: () => unknown) =>
      void systemClock.sleep(milliseconds, closed.signal).then(work, () => undefined)
    const socket = connect(Number(port), hostname, () => {
      socket.write(bytes)
      if (!isWhole) after(wholeAfter, () => socket.end())
    })
    after(patience, () => socket.destroy(new Error(`no end within ${patience} ms`)))
    socket.setEncoding('latin1').on('data', (piece) => (answer += piece))
    socket.once('close', () => {
      closed.abort()
      resolve(answer)
    })
    // A server may close before it has read all; that is an end, too.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}

/** Statuses that say that the server knows what was asked and does not have it. */
const documented = new Set([501, 503])

function isGood(answer: string): boolean {
  const statuses = [...answer.matchAll(/(?:^|\r\n)HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
  return statuses.every((status) => status < 500 || documented.has(status))
}

async function fuzz(runs: number): Promise<void> {
  const { host } = new URL(emulator.url)
  // A signature is good for a quarter of an hour.
  for (let left = runs; left > 0; left -= 500) {
    const samples = signedSamples(emulator.credentials, host, systemClock.now())
    const property = fc.asyncProperty(fc.nat(samples.length - 1), mutations, async (index, changes) => {
      const bytes = mutate(samples[index] as Buffer, changes)
      const answer = await send(bytes, false)
      if (!isGood(answer))
        throw new Error(`${JSON.stringify(bytes.toString('latin1').slice(0, 3000))}\nis answered\n${answer}`)
    })
    await fc.assert(property, { numRuns: Math.min(left, 500) })
  }
}

describe('requests', () => {
  test('are good before they are changed', async () => {
    const { host } = new URL(emulator.url)
    const statuses: string[] = []
    for (const bytes of signedSamples(emulator.credentials, host, systemClock.now())) {
      const answer = await send(bytes, true)
      expect(isGood(answer), `${bytes}\n${answer}`).toBe(true)
      statuses.push(answer.slice(9, 12))
    }
    // Only the upload that nobody has begun is missing, and an ACL that gives the bucket's owner away is refused.
    expect(statuses.filter((status) => !/^20/.test(status))).toEqual(['404', expect.stringMatching(/^4/)])
  })

  test('that were changed at random are answered or dropped', { timeout: 300_000 }, () => fuzz(300))
  const many = Number(process.env['FUZZ_RUNS'] ?? 20_000)
  test(`that were changed at random, ${many} of them`, { tags: ['slow'], timeout: 7_200_000 }, () => fuzz(many))
})
