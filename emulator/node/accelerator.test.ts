import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock, systemClock } from '../state/clock.ts'
import { chooseAccelerator } from './accelerator.ts'
import { acceleratorProbe } from './accelerator-probe.ts'
import type { Accelerator } from './hypervisor.ts'
import { findSupervision } from './supervision.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-probe-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A program in QEMU's place that does what is said for each accelerator, and notes that it ran. */
async function binary(does: Record<string, string>): Promise<string> {
  const file = join(folder, 'qemu')
  const cases = Object.entries(does).map(([accelerator, command]) => `*"-accel ${accelerator}"*) ${command};;`)
  await writeFile(file, `#!/bin/sh\necho ran >>'${folder}/runs'\ncase "$*" in\n${cases.join('\n')}\nesac\n`)
  await chmod(file, 0o755)
  return file
}

async function choose(does: Record<string, string>, candidates: Accelerator[] = ['kvm', 'tcg'], clock = manualClock()) {
  const shared = { version: '7.2.22', sandbox: false, supervision: await findSupervision(), candidates, clock }
  return chooseAccelerator({ ...shared, binary: await binary(does), cache: join(folder, 'cache', 'accelerator') })
}

const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length

test('the probe is a boot sector', () => {
  expect(acceleratorProbe.length).toBe(512)
  expect(acceleratorProbe.readUInt16LE(510)).toBe(0xaa55)
})

test.each<[string, Record<string, string>, Accelerator]>([
  ['hardware that passes', { kvm: 'exit 85', tcg: 'exit 85' }, 'kvm'],
  ['hardware that aborts', { kvm: 'exit 134', tcg: 'exit 85' }, 'tcg'],
  ['hardware that ends well without the probe', { kvm: 'exit 0', tcg: 'exit 85' }, 'tcg'],
  ['translation that never ends beside hardware that passes', { kvm: 'exit 85', tcg: 'exec sleep 600' }, 'kvm'],
])('%s', async (_, does, chosen) => {
  expect(await choose(does)).toEqual({ accelerator: chosen, pace: 1 })
})

test('hardware that never ends loses when its second is over', async () => {
  const clock = manualClock()
  const choosing = choose({ kvm: 'exec sleep 600', tcg: 'exit 85' }, ['kvm', 'tcg'], clock)
  let isOver = false
  const chosen = choosing.finally(() => {
    isOver = true
  })
  // The limit begins at some time after the spawn; until then there is nothing to advance.
  while (!isOver) {
    await systemClock.sleep(10)
    await clock.advance(500)
  }
  expect(await chosen).toMatchObject({ accelerator: 'tcg' })
})

test('the pace is that of the probe, and is remembered; one that is settled is taken though it fails', async () => {
  const clock = manualClock()
  const question = { version: '7.2.22', sandbox: false, supervision: await findSupervision(), clock, isSettled: true }
  const go = join(folder, 'go')
  const file = await binary({ tcg: `while ! [ -e '${go}' ]; do sleep 0.02; done; exit 3` })
  const settled = { ...question, binary: file, cache: join(folder, 'accelerator'), candidates: ['tcg'] as const }
  const choosing = chooseAccelerator(settled)
  while ((await readFile(join(folder, 'runs'), 'utf8').catch(() => '')) === '') await systemClock.sleep(10)
  await clock.advance(1000)
  await writeFile(go, '')
  expect(await choosing).toEqual({ accelerator: 'tcg', pace: 4 })
  expect(await chooseAccelerator(settled)).toEqual({ accelerator: 'tcg', pace: 4 })
  expect(await runs()).toBe(1)
})

test('the answer is remembered until binary or candidates change', async () => {
  await choose({ kvm: 'exit 1', tcg: 'exit 85' })
  expect(await runs()).toBe(2)
  const cache = join(folder, 'cache', 'accelerator')
  const remembered = await readFile(cache, 'utf8')
  expect(remembered).toMatch(/^[0-9a-f]{64} tcg 1\n$/)
  expect(await readdir(join(folder, 'cache'))).toEqual(['accelerator'])

  const shared = {
    version: '7.2.22',
    sandbox: false,
    supervision: await findSupervision(),
    clock: manualClock(),
    cache,
  }
  const same = { ...shared, binary: join(folder, 'qemu') }
  const chosen = { accelerator: 'tcg', pace: 1 }
  expect(await chooseAccelerator({ ...same, candidates: ['kvm', 'tcg'] })).toEqual(chosen)
  expect(await runs()).toBe(2)
  expect(await chooseAccelerator({ ...same, candidates: ['tcg'] })).toEqual(chosen)
  expect(await runs()).toBe(3)
  await writeFile(cache, `${remembered.slice(0, 64)} nonsense\n`)
  expect(await chooseAccelerator({ ...same, candidates: ['kvm', 'tcg'] })).toEqual(chosen)
  expect(await runs()).toBe(5)
})

test('several that look at once all find it, and leave one answer', async () => {
  const file = await binary({ tcg: 'exit 85' })
  const [supervision, clock] = [await findSupervision(), manualClock()]
  const question = { version: '7.2.22', sandbox: false, supervision, clock, candidates: ['tcg'] as const, binary: file }
  const cache = join(folder, 'cache', 'accelerator')
  const all = await Promise.all(Array.from({ length: 4 }, () => chooseAccelerator({ ...question, cache })))
  expect(all.map(({ accelerator }) => accelerator)).toEqual(['tcg', 'tcg', 'tcg', 'tcg'])
  expect(await readdir(join(folder, 'cache'))).toEqual(['accelerator'])
})

test('when nothing runs a guest, the error says what each did', async () => {
  const choosing = choose({ kvm: 'echo no such thing >&2; exit 1', tcg: 'exit 3' })
  await expect(choosing).rejects.toThrow(/kvm: status 1 no such thing; tcg: status 3/)
})
