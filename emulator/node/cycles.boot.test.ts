import { readdirSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { systemClock } from '../state/clock.ts'
import { bootSectorDisk, bootSectorText } from './boot-sector.contract.ts'
import { consoleShows } from './hypervisor.contract.ts'
import type { MachineSpec } from './hypervisor.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'

const folder = await mkdtemp(join(tmpdir(), 'euca-emu-cycles-'))
afterAll(() => rm(folder, { recursive: true }))

/** What this process holds open, by what it is: sockets, pipes and files that are gone look alike for each machine. */
const descriptors = () =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, 'N')]
    } catch {
      // The one that lists.
      return []
    }
  })

/** The processes whose parent is this one. */
async function children(): Promise<string[]> {
  const threads = await readdir('/proc/self/task')
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/self/task/${thread}/children`, 'utf8')))
  return lists.flatMap((list) => list.split(' ').filter(Boolean))
}

/** A machine with a network card, whose guest is a boot sector. */
async function tiny(id: string): Promise<MachineSpec> {
  const own = join(folder, id)
  await mkdir(own, { mode: 0o700 })
  const [file, volume] = [join(own, 'disk.img'), join(own, 'volume.qcow2')]
  await writeFile(file, bootSectorDisk('idles'))
  await createQcow2({ path: volume, bytes: 2 ** 30 })
  return {
    ...{ id, uuid: machineUuid(id), folder: own, memoryMiB: 16, cpus: 1, console: join(own, 'console.log') },
    boot: { kind: 'disk' },
    drives: [
      { id: 'root', file, format: 'raw', serial: 'root', durable: false },
      { id: 'vol-1', file: volume, format: 'qcow2', backing: null, serial: 'vol-1', durable: true },
    ],
    network: { mac: 'd0:0d:00:00:00:01' },
  }
}

const settings = { clock: systemClock, acceleratorCache: join(folder, 'accelerator'), accelerator: 'tcg' } as const

/** Starts a machine many times, and gives up, kills or ends it: looks what is left. */
async function cycles(count: number): Promise<void> {
  const hypervisor = qemuHypervisor(settings)
  const spec = await tiny(`i-${count}`)
  // The first one loads what is loaded on use.
  await (await hypervisor.start(spec)).end()
  const before = { files: (await readdir(spec.folder)).sort(), descriptors: descriptors().sort() }
  for (let cycle = 0; cycle < count; cycle += 1) {
    const abort = new AbortController()
    const starting = hypervisor.start(spec, { signal: abort.signal })
    if (cycle % 3 === 0) {
      abort.abort(new Error('changed my mind'))
      await expect(starting).rejects.toThrow('changed my mind')
      continue
    }
    const machine = await starting
    if (cycle % 3 === 1) process.kill(machine.pid ?? 0, 'SIGKILL')
    await machine.end()
  }
  await expect.poll(() => descriptors().sort(), { timeout: 10_000 }).toEqual(before.descriptors)
  expect((await readdir(spec.folder)).sort()).toEqual(before.files)
  expect(await children()).toEqual([])
  await hypervisor.close()
}

test('twenty starts and ends leave no process, file or descriptor', () => cycles(20))

test('two hundred starts and ends leave none either', { tags: ['slow'], timeout: 900_000 }, () => cycles(200))

test('twenty machines run side by side', { tags: ['slow'], timeout: 900_000 }, async () => {
  const hypervisor = qemuHypervisor(settings)
  const specs = await Promise.all(Array.from({ length: 20 }, (_, index) => tiny(`i-side-${index}`)))
  const machines = await Promise.all(specs.map((spec) => hypervisor.start(spec)))
  await Promise.all(specs.map((spec) => consoleShows(spec.console, bootSectorText, 300)))
  expect(new Set(await children())).toEqual(new Set(machines.map(({ pid }) => String(pid))))
  await hypervisor.close()
  expect(await children()).toEqual([])
})
