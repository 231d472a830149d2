import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { systemClock } from '../state/clock.ts'
import { consoleShows } from './hypervisor.contract.ts'
import type { Drive, Hypervisor, Machine, MachineSpec } from './hypervisor.ts'
import { createHvmDisk } from './instance-disk.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'

const GiB = 2 ** 30
const mac = 'd0:0d:6a:01:02:03'
let folder: string
let hypervisor: Hypervisor
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-devices-'))
  hypervisor = qemuHypervisor({ clock: systemClock, acceleratorCache: join(folder, 'accelerator') })
})
afterEach(async () => {
  await hypervisor.close()
  await rm(folder, { recursive: true })
})

async function image() {
  const built = await installedFixtures(defaultCache())
  const found = built.find((each) => each.virtualization === 'hvm')
  if (found?.virtualization !== 'hvm') throw new Error('no HVM image: build them with "euca-emu fixtures build"')
  return found
}

function spec(id: string, root: DiskLayer): MachineSpec {
  const machine = { id, uuid: machineUuid(id), folder, memoryMiB: 256, cpus: 1, console: join(folder, `${id}.log`) }
  return { ...machine, boot: { kind: 'disk' }, drives: [{ ...root, id: 'root', serial: 'root', durable: false }] }
}

/** Lets root type on the console: `run` resolves with what the command printed. */
async function logIn({ serial }: Machine, console: string) {
  // What is typed before the prompt is thrown away.
  await consoleShows(console, 'login: ', 60)
  serial.write('root\r')
  await consoleShows(console, '# ', 60)
  let count = 0
  return async (command: string): Promise<string> => {
    const mark = `over-${++count}`
    // The echo of what is typed shows the mark in two parts.
    const typed = `over""-${count}\r`
    serial.write(`${command}; echo ${typed}`)
    const shown = await consoleShows(console, mark, 60)
    return shown.slice(shown.lastIndexOf(typed) + typed.length, shown.indexOf(mark)).trim()
  }
}

async function volume(id: string, bytes: number): Promise<Drive> {
  const file = join(folder, `${id}.qcow2`)
  await createQcow2({ path: file, bytes })
  return { id, format: 'qcow2', file, backing: null, serial: `euca-vol-1234abcd-dev-${id}`, durable: true }
}

/** Cuts what came over the cable into its frames; throws when it does not end with a whole one. */
function framesOf(stream: Buffer): Buffer[] {
  if (stream.length === 0) return []
  const end = 4 + stream.readUInt32BE(0)
  if (end > stream.length) throw new Error(`a frame of ${end - 4} bytes is cut off after ${stream.length - 4}`)
  return [stream.subarray(4, end), ...framesOf(stream.subarray(end))]
}

/** The number that the guest has written to the start of this copy. */
async function numberIn(file: string): Promise<number> {
  await execa('qemu-img', ['check', '-f', 'qcow2', file])
  const raw = `${file}.raw`
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', file, raw])
  const text = (await readFile(raw)).toString('latin1', 0, 10)
  expect(text).toMatch(/^\d{10}$/)
  return Number(text)
}

test('a guest gets, uses and lets go of volumes; copies show one instant and boot', async () => {
  const { files, bootLine } = await image()
  const target = join(folder, 'root.qcow2')
  const first = spec('i-1', await createHvmDisk({ target, image: files.disk, bytes: 5 * GiB }))
  const machine = await hypervisor.start({ ...first, network: { mac } })
  const chunks: Buffer[] = []
  machine.nic?.on('data', (chunk: Buffer) => chunks.push(chunk))
  await consoleShows(first.console, bootLine, 200)
  const run = await logIn(machine, first.console)

  const numbers = Array.from({ length: 3000 }, (_, index) => index + 1)
  expect(await run('seq 3000')).toBe(numbers.join('\r\n'))

  const addresses = framesOf(Buffer.concat(chunks)).map((frame) => frame.toString('hex', 0, 12))
  const source = mac.replaceAll(':', '')
  expect(addresses.filter((address) => !address.endsWith(source))).toEqual([])
  expect(addresses).toContain(`ffffffffffff${source}`)

  await machine.plug(await volume('vdb', 8 * 2 ** 20))
  await machine.plug(await volume('vdc', 8 * 2 ** 20))
  const wait = 'for i in $(seq 300); do [ -b /dev/vdc ] && break; usleep 20000; done'
  expect(await run(`${wait}; cd /sys/block/vdb; cat serial; echo; cat size`)).toBe('euca-vol-1234abcd-de\r\n16384')

  const write = (disk: string) => `printf %010d $i | dd of=/dev/${disk} conv=fsync 2>/dev/null`
  await run(`(i=1000000000; while :; do i=$((i+1)); ${write('vdb')}; ${write('vdc')}; done) & echo started`)
  await run('sleep 1; echo before > /root/before; sync')
  const copies = ['root', 'vdb', 'vdc'].map((driveId) => ({ driveId, target: join(folder, `${driveId}.copy`) }))
  const { taken, done } = machine.snapshot(copies)
  await taken
  await run('echo after > /root/after; sync')
  await done
  const [one, two] = [await numberIn(join(folder, 'vdb.copy')), await numberIn(join(folder, 'vdc.copy'))]
  expect(one).toBeGreaterThan(1_000_000_001)
  expect([0, 1]).toContain(one - two)

  await run('kill %1')
  expect(await machine.unplug('vdb', { patience: 60_000 })).toBe('unplugged')
  expect(machine.drives).toEqual(['root', 'vdc'])
  expect(await run('cd /sys/block; echo vd*')).toBe('vda vdc')
  expect(await numberIn(join(folder, 'vdb.qcow2'))).toBeGreaterThanOrEqual(one)
  await machine.end()

  const second = spec('i-2', { format: 'qcow2', file: join(folder, 'root.copy'), backing: null })
  const again = await hypervisor.start(second)
  await consoleShows(second.console, 'boot-count=2', 200)
  const runAgain = await logIn(again, second.console)
  expect(await runAgain('ls /root')).toMatch(/\bbefore\b/)
  expect(await runAgain('ls /root')).not.toMatch(/\bafter\b/)
})
