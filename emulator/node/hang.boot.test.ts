import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { manualClock, systemClock } from '../state/clock.ts'
import { bootSectorDisk, bootSectorText } from './boot-sector.contract.ts'
import { consoleShows } from './hypervisor.contract.ts'
import type { Drive } from './hypervisor.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'

/** Moves a clock on, ten seconds at a time, until a job is over. */
async function pass(clock: ReturnType<typeof manualClock>, job: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  job.then(over, over)
  while (!isOver) {
    await systemClock.sleep(10)
    await clock.advance(10_000)
  }
}

test('a QEMU that hangs holds up neither plug nor unplug nor end, and lets go of what came too late', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-hang-'))
  const clock = manualClock()
  const hypervisor = qemuHypervisor({ clock, acceleratorCache: join(folder, 'accelerator'), accelerator: 'tcg' })
  onTestFinished(async () => {
    await pass(clock, hypervisor.close())
    await rm(folder, { recursive: true })
  })
  const volume = async (id: string): Promise<Drive> => {
    const file = join(folder, id)
    await createQcow2({ path: file, bytes: 2 ** 20 })
    return { id, format: 'qcow2', file, backing: null, serial: id, durable: true }
  }
  const root = join(folder, 'root')
  await writeFile(root, bootSectorDisk('idles'))
  const console = join(folder, 'console.log')
  const machine = await hypervisor.start({
    ...{ id: 'i-1', uuid: machineUuid('i-1'), folder, memoryMiB: 32, cpus: 1, console, boot: { kind: 'disk' } },
    drives: [{ id: 'root', file: root, format: 'raw', serial: 'root', durable: false }],
  })
  await consoleShows(console, bootSectorText)
  const [inside, late] = [await volume('vol-1'), await volume('vol-2')]
  await machine.plug(inside)

  process.kill(machine.pid ?? 0, 'SIGSTOP')
  const plugging = expect(machine.plug(late)).rejects.toThrow('machine i-1 does not answer')
  await pass(clock, plugging)
  await plugging
  const abort = new AbortController()
  const aborted = expect(machine.unplug('vol-1', { signal: abort.signal })).rejects.toThrow('changed my mind')
  abort.abort(new Error('changed my mind'))
  await aborted
  const asking = expect(machine.unplug('vol-1')).resolves.toBe('busy')
  await pass(clock, asking)
  await asking
  const forcing = expect(machine.unplug('vol-1', { force: true })).rejects.toThrow('machine i-1 does not answer')
  await pass(clock, forcing)
  await forcing

  process.kill(machine.pid ?? 0, 'SIGCONT')
  await pass(clock, expect.poll(() => machine.drives, { timeout: 60_000 }).toEqual(['root']))
  expect(machine.drives).toEqual(['root'])
  await machine.plug(late)

  process.kill(machine.pid ?? 0, 'SIGSTOP')
  const ending = machine.end()
  await pass(clock, ending)
  expect(await machine.ended).toMatchObject({ reason: 'ended', detail: expect.stringContaining('SIGKILL') })
})
