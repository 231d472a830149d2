import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DataFolderInUse, lockDataFolder } from './lock.ts'

let folder: string
let path: string
let child: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu lock-'))
  path = join(folder, 'LOCK')
})
afterEach(() => {
  child?.kill('SIGKILL')
  child = undefined
  rmSync(folder, { recursive: true, force: true })
})

/** A process that runs `body` with lock.ts in scope: Node 20 cannot run TypeScript, so it is compiled on the way. */
function processWithLock(body: string): ChildProcess {
  const source = readFileSync(new URL('./lock.ts', import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  child = spawn(process.execPath, ['--input-type=module', '-e', `${outputText}\n${body}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return child
}

const outputOf = async (process: ChildProcess) => {
  let output = ''
  process.stdout?.on('data', (data) => {
    output += data
  })
  await once(process, 'close')
  return output
}

describe('lockDataFolder', () => {
  test('refuses a second holder, in this process too, and names the first', () => {
    const release = lockDataFolder(path)
    expect(() => lockDataFolder(path)).toThrow(DataFolderInUse)
    expect(() => lockDataFolder(path)).toThrow(`in use by process ${process.pid} on `)
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} \\S+\\n$`))
    release()
  })

  test('can be taken again after it is released, and by a folder whose file is left over', () => {
    writeFileSync(path, '4194304 a-host-that-lost-power-with-a-long-name\n')
    lockDataFolder(path)()
    lockDataFolder(path)()
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid} \\S+\\n$`))
    expect(statSync(path).mode & 0o777).not.toBe(0)
  })

  test('is a lock that other programs see', () => {
    const isFree = () => spawnSync('flock', ['-n', path, 'true']).status === 0
    const release = lockDataFolder(path)
    expect(isFree()).toBe(false)
    release()
    expect(isFree()).toBe(true)
  })

  test('holds against another process', async () => {
    const release = lockDataFolder(path)
    const attempt = `try { lockDataFolder(${JSON.stringify(path)}); console.log('taken') } catch (error) { console.log(error.name) }`
    expect(await outputOf(processWithLock(attempt))).toBe('DataFolderInUse\n')
    release()
    expect(await outputOf(processWithLock(attempt))).toBe('taken\n')
    lockDataFolder(path)()
  })

  test('ends with a process that is killed', async () => {
    const holder = processWithLock(
      `lockDataFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000)`,
    )
    await once(holder.stdout!, 'data')
    expect(() => lockDataFolder(path)).toThrow(`in use by process ${holder.pid} on `)
    holder.kill('SIGKILL')
    await once(holder, 'close')
    lockDataFolder(path)()
  })

  test('is not inherited by programs that the holder starts and leaves behind', () => {
    const release = lockDataFolder(path)
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' })
    release()
    try {
      lockDataFolder(path)()
    } finally {
      bystander.kill('SIGKILL')
    }
    expect(readFileSync(path, 'utf8')).toContain(`${process.pid} `)
  })

  test('passes on why the file cannot be opened', () => {
    expect(() => lockDataFolder(join(folder, 'missing', 'LOCK'))).toThrow(/ENOENT/)
  })
})
