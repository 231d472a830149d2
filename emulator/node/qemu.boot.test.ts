import { fork } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { systemClock } from '../state/clock.ts'
import { bootSectorDisk, bootSectorText, type GuestBehaviour } from './boot-sector.contract.ts'
import { devicesContract } from './devices.contract.ts'
import { consoleShows, type HypervisorHarness, hypervisorContract } from './hypervisor.contract.ts'
import type { MachineSpec } from './hypervisor.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'
import type { Supervision } from './supervision.ts'

const shared = await mkdtemp(join(tmpdir(), 'euca-emu-accelerator-'))
const acceleratorCache = join(shared, 'accelerator')
afterAll(() => rm(shared, { recursive: true }))

async function specIn(root: string, id: string, behaviour: GuestBehaviour): Promise<MachineSpec> {
  const folder = join(root, id)
  await mkdir(folder, { mode: 0o700 })
  const file = join(folder, 'disk.img')
  await writeFile(file, bootSectorDisk(behaviour))
  const drive = { id: 'root', file, format: 'raw', serial: 'root', durable: false } as const
  const spec = { id, uuid: machineUuid(id), folder, memoryMiB: 32, cpus: 1, console: join(folder, 'console.log') }
  return { ...spec, boot: { kind: 'disk' }, drives: [drive] }
}

/** Pids of the processes that hold a file of `folder` open or run on it. */
async function holders(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
      const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return targets.some((target) => target.startsWith(folder)) || line.includes(folder)
    }),
  )
  return pids.filter((_, index) => found[index])
}

const harness = (supervision?: Supervision) => async (): Promise<HypervisorHarness> => {
  const root = await mkdtemp(join(tmpdir(), 'euca-emu-qemu-'))
  return {
    hypervisor: qemuHypervisor({ clock: systemClock, acceleratorCache, ...(supervision && { supervision }) }),
    text: bootSectorText,
    spec: (id, behaviour) => specIn(root, id, behaviour),
    act: () => undefined,
    crash: ({ pid }) => process.kill(pid!, 'SIGKILL'),
    gone: async (_, { folder }) => expect(await holders(folder)).toEqual([]),
    dispose: () => rm(root, { recursive: true }),
  }
}

hypervisorContract('QEMU', harness())
devicesContract('QEMU', harness())

/** A machine with a volume so large that a copy of it takes a while, as its tables grow with it. */
async function withLargeVolume() {
  const made = await harness()()
  const spec = await made.spec('i-1', 'idles')
  const machine = await made.hypervisor.start(spec)
  const file = join(spec.folder, 'volume.qcow2')
  await createQcow2({ path: file, bytes: 200 * 2 ** 30 })
  await machine.plug({ id: 'vol-1', format: 'qcow2', file, backing: null, serial: 'vol-1', durable: true })
  const target = join(spec.folder, 'copy')
  return { ...made, machine, file, target, request: { driveId: 'vol-1', target } }
}

test('a copy that is broken off midway leaves nothing, and its drive free to be copied again, also twice at once', async () => {
  const { hypervisor, machine, request, dispose } = await withLargeVolume()
  const abort = new AbortController()
  const { taken, done } = machine.snapshot([request, { driveId: 'root', target: `${request.target}-2` }], {
    signal: abort.signal,
  })
  const refused = expect(done).rejects.toThrow('changed my mind')
  await taken
  abort.abort(new Error('changed my mind'))
  await refused
  await expect(access(request.target)).rejects.toThrow('ENOENT')
  const again = [request, { ...request, target: `${request.target}-3` }]
  await Promise.all(again.map((each) => machine.snapshot([each]).done))
  await hypervisor.close()
  await dispose()
})

test('a drive that is taken away while it is copied is free when the copy is made', async () => {
  const { hypervisor, machine, request, file, dispose } = await withLargeVolume()
  const { taken, done } = machine.snapshot([request])
  await taken
  expect(await machine.unplug('vol-1', { patience: 10, force: true })).toBe('unplugged')
  await done
  for (const each of [file, request.target]) await execa('qemu-img', ['check', '-f', 'qcow2', each])
  await hypervisor.close()
  await dispose()
})

test('a machine that breaks takes its copies and what waits for its drives with it', async () => {
  const { machine, request, dispose } = await withLargeVolume()
  const { taken, done } = machine.snapshot([request])
  const broken = expect(done).rejects.toThrow(/ended|closed/)
  await taken
  const waiting = expect(machine.unplug('vol-1', { patience: 60_000 })).rejects.toThrow(/ended|closed/)
  process.kill(machine.pid!, 'SIGKILL')
  await Promise.all([broken, waiting])
  expect(await machine.ended).toMatchObject({ reason: 'crash' })
  await expect(access(request.target)).rejects.toThrow('ENOENT')
  await dispose()
})

test('a guest is a confined QEMU process of our own', async () => {
  const { hypervisor, spec, dispose } = await harness()()
  const machine = await hypervisor.start(await spec('i-confined', 'idles'))
  expect(await readlink(`/proc/${machine.pid}/exe`)).toMatch(/\/qemu-system-x86_64$/)
  const status = await readFile(`/proc/${machine.pid}/status`, 'utf8')
  expect(status).toMatch(/^Seccomp:\t2$/m)
  expect(status).toMatch(/^NoNewPrivs:\t1$/m)
  expect(status).toMatch(new RegExp(`^PPid:\\t${process.pid}$`, 'm'))
  const environment = await readFile(`/proc/${machine.pid}/environ`, 'utf8')
  expect(environment.split('\0').filter((entry) => entry && !entry.startsWith('PATH='))).toEqual([])
  await hypervisor.close()
  await dispose()
})

test('the accelerator is one that runs guests, and the description says so', async () => {
  const { hypervisor, dispose } = await harness()()
  const { name, version, accelerator, pace } = await hypervisor.describe()
  expect([name, version]).toEqual(['qemu', expect.stringMatching(/^\d+\.\d+/)])
  expect(await readFile(acceleratorCache, 'utf8')).toMatch(new RegExp(`^[0-9a-f]{64} ${accelerator} ${pace}\n$`))
  await dispose()
})

test('QEMU that cannot start says why', async () => {
  const { hypervisor, spec, dispose } = await harness()()
  const good = await spec('i-kernel', 'idles')
  const boot = { kind: 'kernel', kernel: join(good.folder, 'no-kernel'), commandLine: 'root=/dev/vda1' } as const
  await expect(hypervisor.start({ ...good, boot })).rejects.toThrow(/did not start: .*no-kernel/)
  expect(await holders(good.folder)).toEqual([])
  await dispose()
})

test.each<Supervision>(['parent-death-signal', 'watchdog'])(
  'a guest dies with us when we are killed: %s',
  async (supervision) => {
    const root = await mkdtemp(join(tmpdir(), 'euca-emu-orphan-'))
    const spec = await specIn(root, 'i-orphan', 'idles')
    const parent = fork(join(import.meta.dirname, 'parent.contract.mjs'), [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    parent.send({ spec, acceleratorCache, supervision })
    await once(parent, 'message')
    await consoleShows(spec.console, bootSectorText)
    expect((await holders(spec.folder)).length).toBeGreaterThan(0)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    const deadline = systemClock.monotonic() + 30_000
    while ((await holders(spec.folder)).length > 0 && systemClock.monotonic() < deadline) await systemClock.sleep(20)
    const left = await holders(spec.folder)
    for (const pid of left) process.kill(Number(pid), 'SIGKILL')
    expect(left).toEqual([])
    await rm(root, { recursive: true })
  },
)

test('the watchdog, for hosts without a parent-death signal, starts and ends a guest like it', async () => {
  const { hypervisor, spec, gone, dispose } = await harness('watchdog')()
  const first = await spec('i-first', 'idles')
  const machine = await hypervisor.start(first)
  await consoleShows(first.console, bootSectorText)
  await machine.end()
  expect(await machine.ended).toMatchObject({ reason: 'ended' })
  await gone(machine, first)
  const second = await spec('i-second', 'powers-off')
  expect(await (await hypervisor.start(second)).ended).toMatchObject({ reason: 'power-off' })
  await dispose()
})

test('a QEMU that does not answer is killed when its grace is over', async () => {
  const root = await mkdtemp(join(tmpdir(), 'euca-emu-hung-'))
  const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 50, signal) }
  const machine = await qemuHypervisor({ clock, acceleratorCache, accelerator: 'tcg' }).start(
    await specIn(root, 'i-hung', 'idles'),
  )
  process.kill(machine.pid!, 'SIGSTOP')
  await machine.end()
  expect(await machine.ended).toEqual({ reason: 'ended', detail: 'no shutdown seen, signal SIGKILL' })
  await rm(root, { recursive: true })
})
