import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { manualClock, systemClock } from '../state/clock.ts'
import type { MachineSpec } from './hypervisor.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'
import { findQemu, qemuVersion } from './qemu-binary.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-qemu-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A program named as QEMU that runs `script`. */
async function program(script: string): Promise<string> {
  const file = join(folder, 'qemu-system-x86_64')
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

const spec = (): MachineSpec => ({
  ...{ id: 'i-1', uuid: machineUuid('i-1'), folder, memoryMiB: 32, cpus: 1, console: join(folder, 'console.log') },
  boot: { kind: 'kernel', kernel: '/k', commandLine: '' },
  drives: [],
})
const settings = () => ({ clock: manualClock(), acceleratorCache: join(folder, 'accelerator') })

test('QEMU is found on PATH, only where it can be run', async () => {
  expect(await findQemu(`relative::${folder}`)).toBeUndefined()
  const file = await program('')
  expect(await findQemu(`/nowhere:${folder}`)).toBe(file)
  await chmod(file, 0o644)
  await chmod(folder, 0o700)
  expect(await findQemu(folder)).toBeUndefined()
})

test.each([
  ['echo "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"', '7.2.22'],
  ['echo "QEMU emulator version 10.0.50 (v10.0.0-rc1)"', '10.0.50'],
])('%s', async (script, version) => {
  expect(await qemuVersion(await program(script))).toBe(version)
})

test.each([
  ['echo "QEMU emulator version 6.2.0"', '7.2 is the oldest'],
  ['echo hello', 'says no version: hello'],
  ['echo broken >&2; exit 1', 'broken'],
])('%s is refused', async (script, reason) => {
  await expect(qemuVersion(await program(script))).rejects.toThrow(reason)
})

test('without QEMU a start says what to type, and works once it is there', async () => {
  vi.stubEnv('PATH', folder)
  const hypervisor = qemuHypervisor(settings())
  await expect(hypervisor.start(spec())).rejects.toThrow(/not installed: type "apt-get install/)
  await expect(hypervisor.describe()).rejects.toThrow('qemu-system-x86_64 is not installed')
  vi.unstubAllEnvs()
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  await program('echo "QEMU emulator version 7.2.22"')
  const described = qemuHypervisor({ ...settings(), accelerator: 'tcg' }).describe()
  const uefi = expect.any(Boolean)
  expect(await described).toEqual({ name: 'qemu', version: '7.2.22', accelerator: 'tcg', pace: 1, uefi })
})

test('a QEMU that ends before its greeting is quoted, without what it said in an earlier start', async () => {
  const binary = await program(
    'case "$*" in *--version*) echo "QEMU emulator version 8.0.0";; *) echo "no luck" >&2; exit 1;; esac',
  )
  await writeFile(join(folder, 'qemu.log'), 'long ago\n')
  const hypervisor = qemuHypervisor({ ...settings(), binary, accelerator: 'tcg' })
  await expect(hypervisor.start(spec())).rejects.toThrow(/^machine i-1 did not start: no luck$/)
})

test('a QEMU that never greets is ended when its time is over', async () => {
  const binary = await program(
    'case "$*" in *--version*) echo "QEMU emulator version 8.0.0";; *) exec sleep 600;; esac',
  )
  const clock = manualClock()
  const hypervisor = qemuHypervisor({ ...settings(), clock, binary, accelerator: 'tcg' })
  let isOver = false
  const starting = hypervisor.start(spec()).finally(() => {
    isOver = true
  })
  const refused = expect(starting).rejects.toThrow(/^machine i-1 did not start: signal SIGKILL$/)
  while (!isOver) {
    await systemClock.sleep(10)
    await clock.advance(10_000)
  }
  await refused
})

test('a start that is aborted midway leaves no process', async () => {
  const script = `echo $$ >'${join(folder, 'pid')}'; exec sleep 600`
  const answers = '*--version*) echo "QEMU emulator version 8.0.0";; *isa-debug-exit*) exit 85;;'
  const binary = await program(`case "$*" in ${answers} *) ${script};; esac`)
  const hypervisor = qemuHypervisor({ ...settings(), binary, accelerator: 'tcg' })
  const abort = new AbortController()
  const refused = expect(hypervisor.start(spec(), { signal: abort.signal })).rejects.toThrow('changed my mind')
  const pid = await vi.waitFor(async () => {
    const text = await readFile(join(folder, 'pid'), 'utf8')
    expect(text).toMatch(/^\d+\n$/)
    return Number(text)
  }, 20_000)
  abort.abort(new Error('changed my mind'))
  await refused
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
