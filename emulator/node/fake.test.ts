import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createQcow2 } from '../disk/qcow2.ts'
import { devicesContract } from './devices.contract.ts'
import { type FakeHypervisor, type FakeSettings, fakeHypervisor } from './fake.ts'
import { type HypervisorHarness, hypervisorContract } from './hypervisor.contract.ts'
import { machineUuid } from './machine-uuid.ts'

async function harness(settings?: FakeSettings): Promise<HypervisorHarness & { hypervisor: FakeHypervisor }> {
  const root = await mkdtemp(join(tmpdir(), 'euca-emu-fake-'))
  const listening = (id: string) => id === 'i-obeys-the-button'
  const hypervisor = fakeHypervisor({ obeysPowerButton: ({ id }) => listening(id), letsGo: () => false, ...settings })
  return {
    hypervisor,
    text: 'login:',
    spec: async (id) => {
      const folder = join(root, id)
      await mkdir(folder)
      const file = join(folder, 'disk.img')
      await writeFile(file, Buffer.alloc(1024 * 1024))
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
devicesContract('the fake', harness)

test('a guest of the fake lets go of a drive when asked, or later', async () => {
  const { hypervisor, spec, dispose } = await harness({ letsGo: (_, driveId) => driveId !== 'vol-late' })
  const started = await spec('i-1', 'idles')
  const machine = await hypervisor.start(started)
  for (const id of ['vol-1', 'vol-late']) {
    const file = join(started.folder, id)
    await createQcow2({ path: file, bytes: 512 })
    await machine.plug({ id, file, format: 'qcow2', backing: null, serial: id, durable: true })
  }
  expect(await machine.unplug('vol-1')).toBe('unplugged')
  expect(await machine.unplug('vol-late')).toBe('busy')
  hypervisor.machine('i-1').letGo('vol-late')
  expect(machine.drives).toEqual(['root'])
  await hypervisor.close()
  await dispose()
})

test('a guest of the fake is at the other end of the cable, and hears what is typed', async () => {
  const { hypervisor, spec, dispose } = await harness()
  const machine = await hypervisor.start({ ...(await spec('i-1', 'idles')), network: { mac: 'd0:0d:00:00:00:01' } })
  const guest = hypervisor.machine('i-1')
  guest.guestNic!.write('to the switch')
  machine.nic!.write('to the guest')
  expect(String(await once(machine.nic!, 'data'))).toBe('to the switch')
  expect(String(await once(guest.guestNic!, 'data'))).toBe('to the guest')
  machine.serial.write('root\r')
  expect(guest.typed).toBe('root\r')
  await hypervisor.close()
  await dispose()
})

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
  const described = { name: 'fake', version: '1', accelerator: 'none', pace: 0, uefi: true }
  expect(await fakeHypervisor().describe()).toEqual(described)
})
