import type { Hono } from 'hono'
import { afterAll, describe, expect, test } from 'vitest'
import { adminApp, type Health } from './admin.ts'
import { testCloud } from './cloud.harness.ts'

const it = await testCloud()
afterAll(it.close)
const app: Hono = adminApp(it.cloud, 'the-token', () => ({}) as Health)

const ask = (path: string, also: RequestInit = {}, token = 'the-token') =>
  app.request(`http://127.0.0.1/_euca/instances/${path}`, {
    ...also,
    headers: { host: '127.0.0.1:8773', authorization: `Bearer ${token}` },
  })
const type = (id: string, body: string) => ask(`${id}/console`, { method: 'POST', body })

async function running(): Promise<string> {
  const id = await it.run()
  await it.idle()
  return id
}

/** The live console as it comes: what has come since the last look, letting time pass until there is something. */
async function follow(id: string) {
  const { body } = await ask(`${id}/console?live`)
  const reader = body!.getReader()
  let ended = false
  const next = async () => {
    const reading = reader.read().then(({ done, value }) => {
      ended = done
      return Buffer.from(value ?? []).toString('latin1')
    })
    let settled = false
    void reading.finally(() => {
      settled = true
    })
    while (!settled) {
      await it.clock.advance(50)
      // The console is a file: reading it takes turns that no clock counts.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return reading
  }
  return { next, leave: () => reader.cancel(), hasEnded: () => ended }
}

describe('callers', () => {
  test.each(['GET', 'POST'])('without the token are refused (%s)', async (method) => {
    const id = await running()
    const { status } = await ask(`${id}/console`, { method }, 'other')
    expect(status).toBe(401)
    expect(it.hypervisor.machine(id).typed).toBe('')
  })

  test.each(['GET', 'POST'])('that name no instance are told so (%s)', async (method) => {
    const answer = await ask('i-00000000/console', { method })
    expect([answer.status, await answer.json()]).toEqual([404, { error: 'there is no instance i-00000000' }])
  })
})

describe('the console so far', () => {
  test('is all that was written, as bytes', async () => {
    const id = await running()
    await it.hypervisor.machine(id).print('x'.repeat(100_000))
    const answer = await ask(`${id.toUpperCase().replace('I-', 'i-')}/console`)
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(await answer.text()).toBe(`\r\n${id} login: ${'x'.repeat(100_000)}`)
  })

  test('of an instance that has ended is empty', async () => {
    const id = await running()
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await (await ask(`${id}/console`)).text()).toBe('')
  })
})

describe('the live console', () => {
  test('goes on with what is written, over a reboot, and ends with its instance', async () => {
    const id = await running()
    const console = await follow(id)
    expect(await console.next()).toContain('login: ')
    await it.hypervisor.machine(id).print('more')
    expect(await console.next()).toBe('more')
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await console.next()).toBe(`\r\n${id} login: `)
    it.hypervisor.machine(id).powerOff()
    expect(await console.next()).toBe('')
    expect(console.hasEnded()).toBe(true)
  })

  test('begins with the last 64 KiB', async () => {
    const id = await running()
    await it.hypervisor.machine(id).print('x'.repeat(100_000))
    const console = await follow(id)
    expect(await console.next()).toBe('x'.repeat(64 * 1024))
    await console.leave()
  })
})

describe('typing', () => {
  test('reaches the guest, byte by byte', async () => {
    const id = await running()
    expect((await type(id, 'root\r')).status).toBe(200)
    expect((await type(id, '\u0003')).status).toBe(200)
    expect(it.hypervisor.machine(id).typed).toBe('root\r\u0003')
  })

  test('on a machine that is off is refused', async () => {
    const id = await running()
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    const answer = await type(id, 'x')
    expect([answer.status, await answer.json()]).toEqual([
      409,
      { error: `nothing was typed on ${id}: its machine does not run` },
    ])
  })

  test('faster than the guest reads is refused', async () => {
    const id = await running()
    const { serial } = it.hypervisor.machine(id)
    serial.cork()
    expect((await type(id, 'x'.repeat(20_000))).status).toBe(200)
    const answer = await type(id, 'y')
    expect([answer.status, await answer.json()]).toEqual([
      409,
      { error: `nothing was typed on ${id}: its guest has not read what was typed before` },
    ])
    serial.uncork()
  })

  test('more than 64 KiB at once is refused', async () => {
    const id = await running()
    const answer = await type(id, 'x'.repeat(65_537))
    expect([answer.status, await answer.json()]).toEqual([413, { error: 'at most 65536 bytes are typed at once' }])
    expect(it.hypervisor.machine(id).typed).toBe('')
  })
})
