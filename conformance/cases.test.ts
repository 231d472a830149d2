import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { type Capability, capabilities } from './case.ts'
import { loadCases } from './cases.ts'
import { runCase } from './run.ts'
import { boots } from './schedule.ts'
import type { Target } from './target.ts'

const cases = await loadCases()

test('every case says what it rests on, and needs what it uses', () => {
  expect(cases.length).toBeGreaterThan(60)
  for (const { id, title, source, seconds, cents = 0, needs, covers } of cases) {
    expect(title.length, id).toBeGreaterThan(10)
    expect(source.length, id).toBeGreaterThan(10)
    expect(seconds, id).toBeGreaterThan(0)
    if (covers.includes('RunInstances')) {
      const launches = needs.includes('instance-store') || needs.includes('ebs')
      expect(launches, `${id} launches from bundles or from volumes`).toBe(true)
    }
    if (boots({ needs })) expect(cents, `${id} boots a guest, which costs`).toBeGreaterThan(0)
  }
})

test('every capability is needed by some case', () => {
  const needed = new Set(cases.flatMap(({ needs }) => needs))
  expect(Object.keys(capabilities).filter((word) => !needed.has(word as Capability))).toEqual([])
})

/** A cloud that answers everything in one way. */
async function simpleton(status: number, document: string) {
  const server = createServer(async (request, response) => {
    // A request that is broken off, as one case does, gets no answer.
    if ((await buffer(request).catch(() => undefined)) === undefined) return
    response.writeHead(status, { 'content-type': 'application/xml', etag: '"0"' }).end(document)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const yes = await simpleton(200, '<Yes><return>true</return></Yes>')
const no = await simpleton(403, '<Error><Code>AccessDenied</Code><Message>No.</Message></Error>')
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const [administrator, user] = ['000000000001', '000000000002'].map((accountId) => ({
  accountId,
  accessKeyId: 'AKIA',
  secretAccessKey: 'secret',
}))
const target = (url: string): Target => ({
  name: 'simpleton',
  fidelity: 'eucalyptus',
  region: 'eucalyptus',
  zone: 'one',
  endpoints: { ec2: url, s3: url, sts: url, iam: url, virtualHosts: url.replace('127.0.0.1', 's3.localhost') },
  administrator: administrator!,
  user: user!,
  cloudCertificate: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  capabilities: (Object.keys(capabilities) as Capability[]).filter((word) => !word.startsWith('boots-')),
  instanceType: { name: 'm1.small', diskGiB: 5 },
  timeScale: 0.001,
})

/** A case that both pass asserts nothing. */
const bootNothing = cases.filter((one) => !boots(one))
test.each(bootNothing.map((one) => [one.id, one] as const))(
  '%s can fail: no cloud passes it that always says yes, or always no',
  async (_, one) => {
    const verdicts = [await runCase(one, target(yes)), await runCase(one, target(no))].map(({ verdict }) => verdict)
    expect(verdicts).toContain('failed')
  },
)
