import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { AnswerTooLarge } from '../client/send.ts'
import { BadSetting } from '../settings.ts'
import { CommandFailed } from './data-folder.ts'
import { explain } from './failure.ts'
import { Interrupted } from './interruptible.ts'

const named = (name: string, message: string) => Object.assign(new Error(message), { name })
const listening = (code: string, also: object = { address: '127.0.0.1', port: 8773 }) =>
  Object.assign(new Error('listen failed'), { code, ...also })

test.each<[string, unknown, string | undefined, number]>([
  ['a bad setting', new BadSetting('--port takes a number'), '--port takes a number', 1],
  ['a command that failed', new CommandFailed('no emulator answers'), 'no emulator answers', 1],
  ['a data folder in use', named('DataFolderInUse', 'in use by process 7'), 'in use by process 7', 73],
  ['damaged records', named('DamagedRecords', 'not JSON'), 'not JSON', 1],
  ['a refusal of the cloud', named('ServiceError', 'AMI name is taken'), 'AMI name is taken', 1],
  ['a refusal of Object Storage', named('S3Error', 'Access denied'), 'Access denied', 1],
  ['a profile without keys', named('ProfileRefused', 'export its keys'), 'export its keys', 1],
  [
    'an answer without an end',
    new AnswerTooLarge('GET http://c/', 9),
    'the answer to GET http://c/ has more than 9 bytes',
    1,
  ],
  ['an interruption', new Interrupted(), 'interrupted', 130],
  ['missing tools', named('ToolsMissing', 'install qemu-img'), 'install qemu-img', 1],
  [
    'a port in use',
    listening('EADDRINUSE'),
    'cannot listen on 127.0.0.1:8773: another program listens there; choose another --port, 0 picks a free one',
    1,
  ],
  [
    'a port that only root may use',
    listening('EACCES'),
    'cannot listen on 127.0.0.1:8773: listen failed; choose another --port, 0 picks a free one',
    1,
  ],
  ['a file that may not be read', listening('EACCES', { syscall: 'open', path: '/etc/shadow' }), 'listen failed', 1],
  ['what nobody foresaw', new TypeError('x is not a function'), undefined, 1],
  ['what is no error', 'hello', undefined, 1],
  ['nothing', undefined, undefined, 1],
])('%s', (_title, error, sentence, status) => expect(explain(error)).toEqual({ sentence, status }))

test('what a cloud says at any length, and to move the cursor, is shortened and stays where it is', () => {
  const { sentence = '' } = explain(named('ServiceError', `\u001b[2J${'no '.repeat(1e6)}`))
  expect(sentence).toMatch(/^no no .*… \(3000000 characters\)$/)
  expect(sentence.length).toBeLessThan(4100)
})

test('a file that is not there is named', async () => {
  const error = await readFile('/nowhere/disk.raw').catch((one: unknown) => one)
  expect(explain(error).sentence).toBe('there is no /nowhere/disk.raw')
})

test('a host that has no address is named', async () => {
  const error = await new Promise((resolve) => createServer().on('error', resolve).listen(0, '999.1.1.1'))
  expect(explain(error).sentence).toMatch(/^no address is known for the host 999\.1\.1\.1 \((ENOTFOUND|EAI_AGAIN)\)$/)
})

test('a server that is not there is named', async () => {
  const error = await new Promise((resolve) => connect(9, '127.0.0.1').on('error', resolve))
  expect(explain(error)).toEqual({ sentence: 'nothing answers at 127.0.0.1:9', status: 1 })
})

test('a real refusal to listen is explained', async () => {
  const first = createServer()
  await new Promise<void>((resolve) => first.listen(0, '127.0.0.1', resolve))
  const { port } = first.address() as { port: number }
  const second = createServer()
  const error = await new Promise((resolve) => second.on('error', resolve).listen(port, '127.0.0.1'))
  first.close()
  expect(explain(error).sentence).toMatch(new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: another program`))
})
