import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Case, defineCase } from '../case.ts'
import { runCase } from '../run.ts'
import type { Target } from '../target.ts'
import { instancesIn } from './consoles.ts'
import { createWitness } from './witness.ts'

const secret = 'secret-of-the-administrator'
const administrator = { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: secret }
const user = { accountId: '2', accessKeyId: 'AKIB', secretAccessKey: 'secret-of-the-user' }
const console = Buffer.from(`Linux version 6\nmy key is ${secret}\n`).toString('base64')

/** A cloud of one instance, whose console only the second account may see. */
const server = createServer(async (request, response) => {
  const form = await text(request)
  const answer = (status: number, body: string) => void response.writeHead(status).end(body)
  if (form.includes('RunInstances'))
    return answer(200, '<R><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></R>')
  if (!form.includes('GetConsoleOutput'))
    return answer(400, '<Response><Errors><Error><Code>Nonsense</Code></Error></Errors></Response>')
  const isUser = form.includes('InstanceId=i-1') && request.headers.authorization?.includes('AKIB')
  return isUser ? answer(200, `<R><output>${console}</output></R>`) : answer(403, '<Error><Code>No</Code></Error>')
})
let target: Target
beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoints = { ec2: url, s3: url, sts: url }
  const rest = { name: 'one', fidelity: 'aws', region: 'here', zone: 'a', timeScale: 1 } as const
  const instanceType = { name: 't', diskGiB: 1 }
  target = { ...rest, endpoints, administrator, user, capabilities: ['ebs'], instanceType }
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const oneCase = (run: Case['run']) =>
  defineCase({
    id: 'area/one',
    title: 'one',
    level: 'MUST',
    covers: [],
    needs: ['ebs'],
    source: 'this',
    seconds: 1,
    run,
  })

/** What becomes of a case under a witness. */
async function witnessed(run: Case['run'], options = {}) {
  const witness = createWitness(target, options)
  const result = await runCase(oneCase(run), target, { watch: witness.watch })
  witness.onResult(result)
  return { witness, result, sighting: witness.sightingOf('area/one') }
}

const failing: Case['run'] = async ({ administrator: { ec2 }, later }) => {
  await ec2.call('RunInstances')
  later('nothing', () => ec2.rawRequest('TerminateInstances'))
  await ec2.call('Nonsense', { Key: secret })
}

test('a failed case tells what was asked last and what came, with its transcript and the console of its instance', async () => {
  const { result, sighting, witness } = await witnessed(failing)
  expect(result).toMatchObject({
    verdict: 'failed',
    asked: 'POST / Nonsense',
    came: expect.stringMatching(/^400 Nonsense after \d+ ms$/),
  })
  expect(sighting?.consoles).toEqual([{ instance: 'i-1', text: 'Linux version 6\nmy key is [struck out]\n' }])
  expect(sighting?.transcript.exchanges.map(({ cleanUp = false }) => cleanUp)).toEqual([false, false, true])
  expect(JSON.stringify(sighting)).not.toContain(secret)
  expect(witness.safe(`it was ${secret}`)).toBe('it was [struck out]')
})

test('a case that passes is forgotten, unless all is kept', async () => {
  const passing: Case['run'] = async ({ user: { ec2 } }) => void (await ec2.call('RunInstances'))
  expect((await witnessed(passing)).sighting).toBeUndefined()
  expect((await witnessed(passing, { all: true })).sighting).toMatchObject({ consoles: [], transcript: { leftOut: 0 } })
})

test('a console that cannot be read says why, and a case without requests tells nothing', async () => {
  const { administrator: admin, ...rest } = { ...target, user: administrator }
  target = { ...rest, administrator: admin }
  const { sighting } = await witnessed(failing)
  expect(sighting?.consoles[0]?.text).toMatch(/^\(it could not be read: /)
  const silent = await witnessed(async () => Promise.reject(new Error('no')))
  expect(silent.result).not.toHaveProperty('asked')
  expect(silent.sighting).toMatchObject({ transcript: { exchanges: [] } })
})

test('a cloud that names thousands of instances, or whose marks are megabytes, does not fill the report', async () => {
  const text = Array.from({ length: 5000 }, (_, at) => `<instanceId>i-${at}</instanceId>`).join('')
  const answer = { status: 200, headers: [], body: { bytes: text.length, text } }
  const made = { at: 0, method: 'POST', url: 'http://a/?Action=RunInstances', headers: [], answer, milliseconds: 1 }
  expect(instancesIn([made])).toEqual(Array.from({ length: 10 }, (_, at) => `i-${at}`))
  const { result, sighting } = await witnessed(async ({ fetch }) => {
    await fetch(`${target.endpoints.s3}/?marker=${'m'.repeat(12_000)}`)
    throw new Error('no')
  })
  expect(result.asked?.length).toBeLessThan(5000)
  expect(sighting?.transcript.exchanges[0]?.url).toMatch(/m… \(\d+ characters\)$/)
})
