import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { systemClock } from '../state/clock.ts'
import { bootSectorDisk } from './boot-sector.contract.ts'
import type { Hypervisor, Machine } from './hypervisor.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'

/** Layers of a drive that a machine has open are merged by QEMU; the guest of these machines does nothing. */

const MiB = 2 ** 20
const bytes = 64 * MiB
let folder: string
let hypervisor: Hypervisor
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-merge-'))
  hypervisor = qemuHypervisor({ clock: systemClock, acceleratorCache: join(folder, 'accelerator') })
})
afterEach(async () => {
  await hypervisor.close()
  await rm(folder, { recursive: true })
})

type Chain = Extract<DiskLayer, { format: 'qcow2' }>
const path = (name: string) => join(folder, `${name}.qcow2`)
const chain = (...names: string[]): Chain => {
  const [first = '', ...others] = names
  const lowest: Chain = { format: 'qcow2', file: path(first), backing: null }
  return others.reduce((backing: Chain, name): Chain => ({ format: 'qcow2', file: path(name), backing }), lowest)
}
const node = (layer: DiskLayer | null): object | null =>
  layer && {
    driver: layer.format,
    file: { driver: 'file', filename: layer.file },
    ...(layer.format === 'qcow2' && { backing: node(layer.backing) }),
  }
const image = (disk: Chain) => `json:${JSON.stringify(node(disk))}`

/** Puts a layer on others and writes to it. */
async function addLayer(name: string, below: Chain | null, ...commands: string[]): Promise<void> {
  const backing = below && { backing: { file: below.file, format: 'qcow2' as const } }
  await createQcow2({ path: path(name), bytes, ...backing })
  const disk: Chain = { format: 'qcow2', file: path(name), backing: below }
  if (commands.length > 0) await execa('qemu-io', [...commands.flatMap((command) => ['-c', command]), image(disk)])
}

async function checksum(disk: Chain): Promise<string> {
  const raw = join(folder, 'raw')
  await execa('qemu-img', ['convert', '-O', 'raw', image(disk), raw])
  return (await execa('sha256sum', [raw])).stdout.split(' ')[0] ?? ''
}

/** A machine with a drive of four layers, of which the second and the third are to go into the first. */
async function layered(): Promise<{ machine: Machine; sum: string }> {
  await addLayer('0', null, 'write -P 1 0 64M')
  await addLayer('1', chain('0'), 'write -P 2 1M 40M')
  await addLayer('2', chain('0', '1'), 'write -P 3 2M 20M', 'write -z -u 30M 1M')
  await addLayer('3', chain('0', '1', '2'), 'write -P 4 4M 64k')
  const sum = await checksum(chain('0', '1', '2', '3'))
  const root = join(folder, 'root')
  await writeFile(root, bootSectorDisk('idles'))
  const machine = await hypervisor.start({
    id: 'i-1',
    uuid: machineUuid('i-1'),
    folder,
    memoryMiB: 32,
    cpus: 1,
    console: join(folder, 'console'),
    boot: { kind: 'disk' },
    drives: [
      { format: 'raw', file: root, id: 'root', serial: 'root', durable: false },
      { ...chain('0', '1', '2', '3'), id: 'vol-1', serial: 'vol', durable: true },
    ],
  })
  return { machine, sum }
}

const files = (...names: string[]) => names.map(path)
const request = () => ({ base: path('0'), above: files('1', '2') })
const changed = async (name: string) => (await stat(path(name), { bigint: true })).mtimeNs

/** Resolves when a file has been written to. */
async function untilWritten(name: string, before: bigint): Promise<void> {
  while ((await changed(name)) === before) await new Promise((resolve) => setImmediate(resolve))
}

test('merged layers show the same, and are let go of; the drive takes further ones and gives them up again', async () => {
  const { machine, sum } = await layered()
  expect(machine.layers('vol-1')).toEqual(files('0', '1', '2', '3'))
  expect(await machine.mergeLayers('vol-1', request())).toBe(true)
  expect(machine.layers('vol-1')).toEqual(files('0', '3'))
  for (const name of ['1', '2']) await rm(path(name))
  await addLayer('4', chain('0', '3'))
  await machine.addLayer('vol-1', chain('0', '3', '4'))
  await addLayer('5', chain('0', '3', '4'))
  await machine.addLayer('vol-1', chain('0', '3', '4', '5'))
  expect(await machine.mergeLayers('vol-1', { base: path('0'), above: files('3', '4') })).toBe(true)
  expect(machine.layers('vol-1')).toEqual(files('0', '5'))
  await machine.snapshot([{ driveId: 'vol-1', target: path('copy') }]).done
  expect(await checksum(chain('copy'))).toBe(sum)
  await machine.end()
  expect(await checksum(chain('0', '5'))).toBe(sum)
  await execa('qemu-img', ['check', '-f', 'qcow2', path('0')])
})

test('a drive that rests on another layer lets go of those beneath, which others may write to', async () => {
  const { machine, sum } = await layered()
  await execa('qemu-img', ['convert', '-O', 'qcow2', image(chain('0', '1', '2')), path('flat')])
  await machine.replaceBase('vol-1', chain('flat'))
  expect(machine.layers('vol-1')).toEqual(files('flat', '3'))
  await execa('qemu-io', ['-c', 'write -P 9 0 64M', image(chain('0'))])
  await machine.snapshot([{ driveId: 'vol-1', target: path('copy') }]).done
  expect(await checksum(chain('copy'))).toBe(sum)
  await expect(machine.replaceBase('vol-1', chain('nowhere'))).rejects.toThrow('nowhere')
  expect(machine.layers('vol-1')).toEqual(files('flat', '3'))
  await machine.end()
  expect(await checksum(chain('flat', '3'))).toBe(sum)
})

test('layers that are not there, in another order or the one that is written to are refused', async () => {
  const { machine, sum } = await layered()
  const refused = (base: string, ...above: string[]) =>
    expect(machine.mergeLayers('vol-1', { base: path(base), above: files(...above) })).rejects.toThrow(
      'does not rest on',
    )
  await refused('0', '2')
  await refused('0', '1')
  await refused('0', '2', '1')
  await refused('1', '2', '3')
  await refused('0')
  await refused('x', '1', '2')
  expect(machine.layers('vol-1')).toEqual(files('0', '1', '2', '3'))
  await machine.end()
  expect(await checksum(chain('0', '1', '2', '3'))).toBe(sum)
})

const interruptions: [string, (machine: Machine, abort: AbortController) => Promise<unknown>][] = [
  ['when it is aborted', async (_, abort) => abort.abort()],
  ['by a further layer', (machine) => machine.addLayer('vol-1', chain('0', '1', '2', '3', '4'))],
  ['by a copy', (machine) => machine.snapshot([{ driveId: 'vol-1', target: path('copy') }]).done],
  ['by an unplug', (machine) => machine.unplug('vol-1', { patience: 50, force: true })],
  ['by the end of the machine', (machine) => machine.end()],
]

test.each(interruptions)('a merge is broken off %s, and the layers show what they did', async (_, interrupt) => {
  const { machine, sum } = await layered()
  await addLayer('4', chain('0', '1', '2', '3'))
  const abort = new AbortController()
  const before = await changed('0')
  const merged = machine.mergeLayers('vol-1', request(), abort.signal)
  await untilWritten('0', before)
  await interrupt(machine, abort)
  expect(await merged).toBe(false)
  await machine.end()
  expect(await checksum(chain('0', '1', '2', '3', '4'))).toBe(sum)
})

test('a machine that is killed while it merges leaves layers that show what they did', async () => {
  const { machine, sum } = await layered()
  const before = await changed('0')
  const merged = machine.mergeLayers('vol-1', request())
  await untilWritten('0', before)
  if (machine.pid === undefined) throw new Error('no process')
  process.kill(machine.pid, 'SIGKILL')
  await expect(merged).rejects.toThrow()
  await machine.ended
  expect(await checksum(chain('0', '1', '2', '3'))).toBe(sum)
  await execa('qemu-img', ['commit', '-q', '-d', image(chain('0', '1'))])
  expect(await checksum(chain('0', '1', '2', '3'))).toBe(sum)
})
