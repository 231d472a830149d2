import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type FakeHypervisor, type FakeSettings, fakeHypervisor } from './fake.ts'
import { type HypervisorHarness, hypervisorContract } from './hypervisor.contract.ts'
import { machineUuid } from './machine-uuid.ts'

async function harness(settings?: FakeSettings): Promise<HypervisorHarness & { hypervisor: FakeHypervisor }> {
  const root = await mkdtemp(join(tmpdir(), 'euca-emu-fake-'))
  const listening = (id: string) => id === 'i-obeys-the-button'
  const hypervisor = fakeHypervisor({ obeysPowerButton: ({ id }) => listening(id), ...settings })
  return {
    hypervisor,
    text: 'login:',
    spec: async (id) => {
      const folder = join(root, id)
      await mkdir(folder)
      const file = join(folder, 'disk.img')
      await writeFile(file, '')
      const drive = { id: 'root', file, format: 'raw', serial: 'root', durable: false } as const
      const spec = { id, uuid: machineUuid(id), folder, memoryMiB: 32, cpus: 1, console: join(folder, 'console.log') }
      return { ...spec, boot: { kind: 'disk' }, drives: [drive] }
    },
    act: ({ id }, behaviour) => {
      if (behaviour === 'reboots') void hypervisor.machine(id).reboot()
      if (behaviour === 'powers-off') hypervisor.machine(id).powerOff()
    },
    crash: ({ id }) => hypervisor.machine(id).crash('as the test wants'),
    gone: async ({ id }) => expect(() => hypervisor.machine(id)).toThrow(id),
    dispose: () => rm(root, { recursive: true }),
  }
}

hypervisorContract('the fake', harness)

test('a fake refuses what its settings refuse, and prints what a test prints', async () => {
  const { hypervisor, spec, dispose } = await harness({
    refuses: ({ id }) => (id === 'i-bad' ? 'out of luck' : undefined),
    greeting: () => 'hello',
  })
  await expect(hypervisor.start(await spec('i-bad', 'idles'))).rejects.toThrow('out of luck')
  const good = await spec('i-good', 'idles')
  await hypervisor.start(good)
  await hypervisor.machine('i-good').print(', world')
  expect(await readFile(good.console, 'utf8')).toBe('hello, world')
  await dispose()
})

test('a fake describes itself', async () => {
  expect(await fakeHypervisor().describe()).toEqual({ name: 'fake', version: '1', accelerator: 'none' })
})
