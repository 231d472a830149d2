import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Emulator, startEmulator } from '../src/index.ts'
import { loadCases } from './cases.ts'
import { clientsOf } from './clients.ts'
import { emulatorTarget } from './emulator-target.ts'
import { reportOf } from './guest.ts'
import { registerImage, uploadBundle } from './images.ts'
import { runInstance, untilRunning, untilTerminated } from './instances.ts'
import { runCase } from './run.ts'
import { starterImage } from './starter.ts'
import type { Target } from './target.ts'
import { newRunId, openTools } from './tools.ts'

/** What a process runs and whose child it is; undefined for one that has just ended. */
function processOf(pid: string) {
  try {
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { parent: Number(parent), program: readlinkSync(`/proc/${pid}/exe`) }
  } catch {
    return undefined
  }
}

/** The programs that this process's children run, as the kernel knows them. */
const children = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(processOf)
    .filter((child) => child?.parent === process.pid)
    .map((child) => child?.program ?? '')

const isQemu = (program: string) => /\/qemu-system-x86_64$/.test(program)

let folder: string
let emulator: Emulator
let target: Target
/** The QEMU processes that ran when a guest's console was answered. */
const seen: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
  const onRequest = ({ what, status }: { what: string; status: number }) => {
    if (what === 'ec2.GetConsoleOutput' && status === 200) seen.push(...children().filter(isQemu))
  }
  emulator = await startEmulator({ data: folder, port: 0, catalog: false, onRequest, stopGrace: 0, accelerator: 'tcg' })
  target = await emulatorTarget(emulator, { fidelity: 'eucalyptus', boots: true, timeScale: 3 })
})
afterAll(async () => {
  await emulator?.stop()
  expect(children().filter(isQemu)).toEqual([])
  await rm(folder, { recursive: true })
})

const cases = (await loadCases()).filter(({ needs }) => needs.some((word) => word.startsWith('boots-')))

test.each(cases.map((one) => [one.id, one] as const))('%s, on a real QEMU', async (_, one) => {
  seen.length = 0
  const { verdict, reason, error, leaked } = await runCase(one, target)
  if (error) throw error
  expect({ verdict, reason, leaked }).toEqual({ verdict: 'passed', reason: undefined, leaked: [] })
  expect(seen.length).toBeGreaterThan(0)
})

/** Bytes that the files of a folder take on the disk, holes not counted. */
async function diskUse(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true })
  const sizes = await Promise.all(names.map((name) => stat(join(path, name)).then(({ blocks }) => blocks * 512)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('a terminated instance gives its files back, and the disk they took', async () => {
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
