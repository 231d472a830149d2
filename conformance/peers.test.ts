import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultCache } from '../fixtures/catalog.ts'
import { loadCases } from './cases.ts'
import { differences } from './differences.ts'
import evidence from './evidence.json' with { type: 'json' }
import { isAbout, peerTargets, type StartedPeer, startPeer } from './peers.harness.ts'
import type { Evidence } from './reports/evidence.ts'
import { lacking, runCase } from './run.ts'

const cases = await loadCases()
const proofs: Evidence = evidence

/** How many of the cases that have passed on a peer are run again here; peers.contract.ts runs them all. */
const few = 8

test('evidence is of cases that there are, on clouds that are not the emulator', () => {
  const ids = new Set(cases.map(({ id }) => id))
  expect(Object.keys(proofs).filter((id) => !ids.has(id))).toEqual([])
  for (const [id, list] of Object.entries(proofs)) {
    for (const { cloud, version, when } of list) {
      expect(cloud, id).not.toMatch(/euca-emu/i)
      expect(`${version} ${when}`, id).toMatch(/^\S+ \d{4}-\d\d-\d\d$/)
    }
  }
})

test('a known difference of a server is of a case that it is asked, so that none outlives its reason unseen', () => {
  const asked = (target: string, id: string) => {
    const [peer, one] = [peerTargets.find(({ name }) => name === target), cases.find((each) => each.id === id)]
    return peer && one && isAbout(one, peer) && lacking(one, peer).length === 0
  }
  expect(differences.filter((one) => !asked(one.target, one.case))).toEqual([])
})

test('a known difference says what the server does, in words of its own, and where that is written down', () => {
  for (const { target, case: id, reason, link } of differences) {
    expect(reason, `${target} ${id}`).not.toMatch(/^observed/)
    expect(reason, `${target} ${id}`).toMatch(/^(MinIO|VersityGW|Moto)/)
    expect(() => new URL(link), `${target} ${id}`).not.toThrow()
  }
})

/** What has passed on software of others passes there still: what is not installed is named, and only moto is small enough to install. */
describe.each(peerTargets)('$cloud', (peer) => {
  const proven = cases.filter(({ id }) => proofs[id]?.some(({ cloud }) => cloud === peer.cloud))
  const step = Math.max(1, Math.floor(proven.length / few))
  const chosen = proven.filter((_, index) => index % step === 0).slice(0, few)
  let started: StartedPeer | { readonly missing: string }
  beforeAll(async () => {
    started = await startPeer(peer, join(defaultCache(), 'bench'), { install: peer.name === 'moto' })
    if ('missing' in started) console.log(`no case is run on ${peer.cloud}: ${started.missing}`)
  }, 300_000)
  afterAll(async () => {
    if (started && 'stop' in started) await started.stop()
  })

  test('has proven cases of the services that it has', () => {
    expect(chosen.length).toBeGreaterThanOrEqual(few)
    expect(chosen.filter((one) => !isAbout(one, peer))).toEqual([])
  })

  test.each(chosen.map((one) => [one.id, one] as const))('%s', { timeout: 120_000 }, async (_, one) => {
    if ('missing' in started) return
    const { target } = started
    expect(lacking(one, target)).toEqual([])
    const { verdict, reason } = await runCase(one, target)
    expect({ verdict, reason }).toEqual({ verdict: 'passed', reason: undefined })
  })
})
