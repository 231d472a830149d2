import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmulator } from '../src/index.ts'
import { loadCases } from './cases.ts'
import { clientsOf } from './clients.ts'
import { emulatorCapabilities, emulatorTarget } from './emulator-target.ts'
import { reportOf } from './guest.ts'
import { registerImage, uploadBundle } from './images.ts'
import { runInstance, untilRunning, untilTerminated } from './instances.ts'
import { lacking, runCase } from './run.ts'
import { boots } from './schedule.ts'
import { starterImage } from './starter.ts'
import type { Target } from './target.ts'
import { newRunId, openTools } from './tools.ts'

/** Whose child a process is, and whether it is a QEMU with files in a folder; undefined for one that has just ended. */
function processOf(pid: string, folder: string) {
  try {
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    const isQemu = readlinkSync(`/proc/${pid}/exe`).endsWith('/qemu-system-x86_64')
    return { parent: Number(parent), isGuest: isQemu && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder) }
  } catch {
    return undefined
  }
}

/** How many QEMU processes with disks in a folder this process has started that still run, as the kernel knows them. */
const guestsOf = (folder: string): number =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => processOf(pid, folder))
    .filter((child) => child?.parent === process.pid && child.isGuest).length

/** An emulator that runs one case at a time. */
interface Lane {
  readonly target: Target
  readonly folder: string
  /** The QEMU processes that ran when a guest's console was answered. */
  seen: number
  close(): Promise<void>
}

async function openLane(): Promise<Lane> {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
  const onRequest = ({ what, status }: { what: string; status: number }) => {
    if (what === 'ec2.GetConsoleOutput' && status === 200) lane.seen += guestsOf(folder)
  }
  const options = { data: folder, port: 0, catalog: false, stopGrace: 0, accelerator: 'tcg' } as const
  const emulator = await startEmulator({ ...options, onRequest })
  const target = await emulatorTarget(emulator, { fidelity: 'eucalyptus', boots: true, timeScale: 3 })
  const close = async () => {
    await emulator.stop()
    expect(guestsOf(folder)).toBe(0)
    await rm(folder, { recursive: true })
  }
  const lane: Lane = { target, folder, seen: 0, close }
  return lane
}

// A translated guest keeps one core busy: two cases run side by side, each on an emulator of its own.
const lanes: Lane[] = []
beforeAll(async () => void lanes.push(await openLane(), await openLane()))
afterAll(async () => {
  for (const lane of lanes) await lane.close()
})

const capabilities = emulatorCapabilities('eucalyptus', true)
const cases = (await loadCases()).filter((one) => boots(one) && lacking(one, { capabilities }).length === 0)

describe.concurrent('on a real QEMU', () => {
  test.each(cases.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const lane = lanes.pop()
    if (!lane) throw new Error('more cases run side by side than there are emulators (maxConcurrency)')
    try {
      lane.seen = 0
      const { verdict, reason, error, leaked } = await runCase(one, lane.target)
      if (error) throw error
      expect({ verdict, reason, leaked }).toEqual({ verdict: 'passed', reason: undefined, leaked: [] })
      expect(lane.seen).toBeGreaterThan(0)
    } finally {
      lanes.push(lane)
    }
  })
})

/** Bytes that the files of a folder take on the disk, holes not counted. */
async function diskUse(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true })
  const sizes = await Promise.all(names.map((name) => stat(join(path, name)).then(({ blocks }) => blocks * 512)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('a terminated instance gives its files back, and the disk they took', async () => {
  const [lane] = lanes
  if (!lane) throw new Error('there is no emulator')
  const { target, folder } = lane
  const { tools, clear } = openTools(target, newRunId())
  try {
    const { files } = await starterImage('hvm')
    const { location } = await uploadBundle(tools, { image: files.disk })
    const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    const machine = (id: string) => join(folder, 'machines', id)
    const launch = async () => {
      const id = await runInstance(tools, { ImageId })
      await untilRunning(tools, id)
      return id
    }
    const end = async (id: string) => {
      await clientsOf(target, target.administrator).ec2.call('TerminateInstances', { InstanceId: [id] })
      await untilTerminated(tools, id)
    }
    // The first launch unpacks the image, which stays.
    await end(await launch())
    const before = await diskUse(join(folder, 'machines'))
    const unpacked = await diskUse(join(folder, 'images'))
    const id = await launch()
    await reportOf(tools, id)
    expect(await diskUse(machine(id))).toBeGreaterThan(100_000)
    await end(id)
    expect(existsSync(machine(id))).toBe(false)
    expect(await diskUse(join(folder, 'machines'))).toBe(before)
    expect(await diskUse(join(folder, 'images'))).toBe(unpacked)
  } finally {
    expect(await clear()).toEqual([])
  }
})
