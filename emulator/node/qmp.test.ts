import { type Duplex, duplexPair } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { connectQmp, type QmpEvent } from './qmp.ts'

const greeting = { QMP: { version: { qemu: { micro: 22, minor: 2, major: 7 }, package: '' }, capabilities: ['oob'] } }

/** The other end of a QMP connection: what it was asked, and what it answers. */
function peer(answers: Record<string, object>) {
  const [ours, theirs] = duplexPair() as [Duplex, Duplex]
  const asked: { execute: string; arguments?: object; id: number }[] = []
  const say = (message: object) => theirs.write(`${JSON.stringify(message)}\r\n`)
  theirs.setEncoding('utf8')
  theirs.on('data', (text: string) => {
    for (const line of text.trim().split('\n')) {
      const command = JSON.parse(line)
      asked.push(command)
      const answer = answers[command.execute]
      if (answer) say({ ...answer, id: command.id })
    }
  })
  const events: QmpEvent[] = []
  return { ours, theirs, asked, say, events, connect: () => connectQmp(ours, (event) => events.push(event)) }
}
const agrees = { qmp_capabilities: { return: {} } }

test('greets, agrees on capabilities and hands on events, those before the greeting was answered included', async () => {
  const { connect, say, events, asked } = peer(agrees)
  const connecting = connect()
  say(greeting)
  say({ event: 'RESUME', timestamp: {} })
  const qmp = await connecting
  expect(qmp.version).toBe('7.2.22')
  expect(asked.map(({ execute }) => execute)).toEqual(['qmp_capabilities'])
  expect(events).toEqual([{ event: 'RESUME', data: {} }])
})

test('a listener hears later events until it is taken off', async () => {
  const { connect, say, events } = peer(agrees)
  const connecting = connect()
  say(greeting)
  const qmp = await connecting
  const heard: string[] = []
  const off = qmp.listen(({ event }) => heard.push(event))
  say({ event: 'STOP' })
  await vi.waitFor(() => expect(events).toHaveLength(1))
  off()
  say({ event: 'RESUME' })
  await vi.waitFor(() => expect(events).toHaveLength(2))
  expect(heard).toEqual(['STOP'])
})

test('answers reach their questions, in whatever order and pieces they come', async () => {
  const { connect, say, asked, theirs } = peer(agrees)
  const connecting = connect()
  say(greeting)
  const qmp = await connecting
  const first = qmp.execute('query-status')
  const second = qmp.execute('device_del', { id: 'disk-é' })
  await vi.waitFor(() => expect(asked.length).toBe(3))
  expect(asked[2]).toMatchObject({ execute: 'device_del', arguments: { id: 'disk-é' } })
  const answer = Buffer.from(`{"return":"é","id":${asked[2]!.id}}\n{"return":1,"id":${asked[1]!.id}}\n`)
  // Cut within the two bytes of the é.
  const cut = answer.indexOf('é') + 1
  theirs.write(answer.subarray(0, cut))
  theirs.write(answer.subarray(cut))
  expect(await Promise.all([first, second])).toEqual([1, 'é'])
})

test('a refused command is a QmpError with class and description', async () => {
  const refusal = { error: { class: 'DeviceNotFound', desc: 'no such device' } }
  const { connect, say } = peer({ ...agrees, device_del: refusal })
  const connecting = connect()
  say(greeting)
  const qmp = await connecting
  await expect(qmp.execute('device_del')).rejects.toMatchObject({
    name: 'QmpError',
    command: 'device_del',
    kind: 'DeviceNotFound',
    message: 'QMP device_del: no such device',
  })
})

test('a close rejects what waits and all that comes after it, and closed resolves', async () => {
  const { connect, say, ours } = peer(agrees)
  const connecting = connect()
  say(greeting)
  const qmp = await connecting
  const waiting = qmp.execute('query-status')
  ours.destroy()
  await expect(waiting).rejects.toThrow('QMP query-status: the connection closed')
  await qmp.closed
  await expect(qmp.execute('quit')).rejects.toThrow('QMP quit: the connection is closed')
})

test('a close before the greeting rejects the connection, also when it is long past', async () => {
  const { connect, ours } = peer(agrees)
  const connecting = connect()
  ours.destroy()
  await expect(connecting).rejects.toThrow('closed before its greeting')
  await expect(connect()).rejects.toThrow('closed before its greeting')
})

test.each([
  ['no JSON', 'hello\n'],
  ['an answer to no question', '{"return":{},"id":99}\n'],
])('%s ends the connection with the reason', async (_, line) => {
  const { connect, say, theirs } = peer(agrees)
  const connecting = connect()
  say(greeting)
  const qmp = await connecting
  const waiting = qmp.execute('query-status')
  theirs.write(line)
  await expect(waiting).rejects.toMatchObject({ cause: { message: `QMP: not understood: ${line.trim()}` } })
})
