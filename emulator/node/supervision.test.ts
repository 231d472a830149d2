import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findSupervision, type Supervision, spawnSupervised } from './supervision.ts'

let folder: string
let log: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-supervision-'))
  log = join(folder, 'log')
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs a shell script as a supervised child. */
const run = (supervision: Supervision, script: string) =>
  spawnSupervised(supervision, 'sh', ['-c', script, 'sh', 'a b', '$c'], { log })

const available = (await findSupervision()) === 'watchdog' ? [] : (['parent-death-signal'] as const)
describe.each<Supervision>([...available, 'watchdog'])('%s', (supervision) => {
  test('the child gets its arguments, of our environment only PATH, and its output goes to the log', async () => {
    await writeFile(log, 'from earlier\n')
    vi.stubEnv('EUCA_EMU_SECRET', 'secret')
    const child = await run(supervision, 'echo "$1,$2,$EUCA_EMU_SECRET,$PATH"; echo bad >&2; exit 7')
    vi.unstubAllEnvs()
    expect(await child.exited).toEqual({ status: 7, detail: 'status 7' })
    expect(await child.output()).toBe(`a b,$c,,${process.env['PATH']}\nbad`)
  })

  test('descriptor 3 goes both ways and closes with the child', async () => {
    const child = await run(supervision, 'read -r line <&3; echo "got $line" >&3')
    child.channel.setEncoding('utf8').write('hello\n')
    expect(await once(child.channel, 'data')).toEqual(['got hello\n'])
    const closed = once(child.channel, 'close')
    await child.exited
    await closed
  })

  test('output has a file of its own, and input and a second connection reach the child', async () => {
    const output = join(folder, 'output')
    await writeFile(output, 'earlier, ')
    const script = 'echo bad >&2; cat; echo more >&4; read -r line <&4; echo "$line"'
    const child = await spawnSupervised(supervision, 'sh', ['-c', script], { log, output, secondChannel: true })
    child.input.end('typed, ')
    expect(String(await once(child.secondChannel!, 'data'))).toBe('more\n')
    child.secondChannel!.write('heard\n')
    await child.exited
    expect(await readFile(output, 'utf8')).toBe('earlier, typed, heard\n')
    expect(await child.output()).toBe('bad')
  })

  test('the second connection closes with the child though nobody reads it', async () => {
    const files = { log, secondChannel: true }
    const child = await spawnSupervised(supervision, 'sh', ['-c', 'echo unread >&4; read -r _'], files)
    child.secondChannel!.on('readable', () => undefined)
    const closed = once(child.secondChannel!, 'close')
    child.input.end()
    await child.exited
    await closed
  })

  test('kill ends the child and what it started, and may come late', async () => {
    const child = await run(supervision, 'sleep 600 & echo started >&3; wait')
    await once(child.channel, 'data')
    // What it started holds descriptor 3 open as well.
    const closed = once(child.channel, 'close')
    child.kill()
    expect(await child.exited).toMatchObject({ detail: 'signal SIGKILL' })
    await closed
    child.kill()
  })
})

test('output that cannot be opened is an error', async () => {
  const output = join(folder, 'no', 'output')
  await expect(spawnSupervised('watchdog', 'true', [], { log, output })).rejects.toThrow(output)
})

test('a command that does not exist is an error', async () => {
  vi.stubEnv('PATH', folder)
  await expect(run('watchdog', 'true')).rejects.toThrow('sh cannot be started')
  vi.unstubAllEnvs()
})

test('a folder that a child without privileges cannot enter is left to the watchdog, which takes none away', async () => {
  await chmod(folder, 0o000)
  const found = await findSupervision(folder)
  await chmod(folder, 0o700)
  expect(found).toBe('watchdog')
})
