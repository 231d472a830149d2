import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { startEmulator } from '../index.ts'
import { readSettings } from '../settings.ts'
import { ProofFailed } from '../tour/proofs.ts'
import type { Tour } from '../tour/tour.ts'
import type { Finding } from './doctor.ts'
import { type TourParts, tour } from './tour.ts'

let folder: string
let printed: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca-emu-'))
  vi.stubEnv('TMPDIR', folder)
  printed = []
  vi.spyOn(console, 'log').mockImplementation((line) => printed.push(line))
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true, force: true })
})

const good: Finding[] = ['QEMU', 'ssh', 'starter images'].map((subject) => ({ subject, ok: true, finding: 'there' }))

/** A tour of a cloud that boots nothing, with another walk. */
const parts = (walk: TourParts['walk'], findings: readonly Finding[] = good): TourParts => ({
  examine: async () => [...findings],
  starters: async () => ({}) as Pick<Tour, 'hvm' | 'paravirtual'>,
  start: (options) => startEmulator({ ...options, hypervisor: fakeHypervisor() }),
  walk,
})
const options = { settings: readSettings({}, {}), keep: false }
const proves: TourParts['walk'] = (_tour, { prove }) => prove('ssh', async () => undefined)

test('a proof that fails ends with 1 and what was seen, and leaves nothing', async () => {
  const walk: TourParts['walk'] = (_tour, { prove }) =>
    prove('volume', async () => {
      throw new ProofFailed('the file on vol-1: expected 42', 'mount: no such disk')
    })
  expect(await tour(options, parts(walk))).toBe(1)
  const text = printed.join('\n')
  expect(text).toContain('the file on vol-1: expected 42\nseen:\n  mount: no such disk')
  expect(text).toMatch(/^NOT PROVEN +the volume survived/m)
  expect(readdirSync(folder)).toEqual([])
})

test('proofs that hold end with 0; the cloud is there for them, and gone afterwards', async () => {
  let endpoint = ''
  const walk: TourParts['walk'] = async ({ ec2, s3, zone }) => {
    endpoint = s3.endpoint
    expect(JSON.stringify(await ec2.call('DescribeAvailabilityZones'))).toContain(`"${zone}"`)
  }
  expect(await tour(options, parts(walk))).toBe(0)
  await expect(fetch(endpoint)).rejects.toThrow()
  expect(readdirSync(folder)).toEqual([])
})

test('the data folder is kept when that is asked for, and it is said where', async () => {
  expect(await tour({ ...options, keep: true }, parts(proves))).toBe(0)
  const data = /--data (\S+)/.exec(printed.at(-1) ?? '')?.[1] ?? ''
  expect(data.startsWith(folder)).toBe(true)
  expect(existsSync(join(data, 'credentials.json'))).toBe(true)
})

test.each(['QEMU', 'ssh', 'starter images'])('without %s it says what to do and starts nothing', async (lacking) => {
  const findings = good.map((one) => (one.subject === lacking ? { ...one, ok: false, finding: 'type this' } : one))
  let walked = false
  const walk = async () => {
    walked = true
  }
  expect(await tour(options, parts(walk, findings))).toBe(1)
  expect(printed).toEqual([expect.stringMatching(new RegExp(`^MISSING ${lacking} +type this$`))])
  expect(walked).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})

test('what a tour does not need may be missing', async () =>
  expect(await tour(options, parts(proves, [...good, { subject: '/dev/kvm', ok: false, finding: '' }]))).toBe(0))

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it with 130, and leaves nothing', async (name) => {
  const before = process.listenerCount(name)
  const walk: TourParts['walk'] = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      process.emit(name)
    })
  expect(await tour(options, parts(walk))).toBe(130)
  expect(readdirSync(folder)).toEqual([])
  expect(process.listenerCount(name)).toBe(before)
})
