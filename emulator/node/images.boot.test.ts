import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BuiltFixture, defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { copySparse } from '../../fixtures/sparse.ts'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { systemClock } from '../state/clock.ts'
import { consoleShows } from './hypervisor.contract.ts'
import type { Hypervisor, MachineReset, MachineSpec } from './hypervisor.ts'
import { bootRegionBytes, createHvmDisk, createParavirtualDisk, paravirtualSizes } from './instance-disk.ts'
import { machineUuid } from './machine-uuid.ts'
import { qemuHypervisor } from './qemu.ts'

const GiB = 2 ** 30
let folder: string
let hypervisor: Hypervisor
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-images-'))
  hypervisor = qemuHypervisor({ clock: systemClock, acceleratorCache: join(folder, 'accelerator') })
})
afterEach(async () => {
  await hypervisor.close()
  await rm(folder, { recursive: true })
})

/** The starter image of this kind. Throws when it has not been built. */
async function fixture<Kind extends BuiltFixture['virtualization']>(kind: Kind) {
  const found = (await installedFixtures(defaultCache())).find(({ virtualization }) => virtualization === kind)
  if (!found) throw new Error(`no ${kind} image in ${defaultCache()}: build them with "euca-emu fixtures build"`)
  return found as Extract<BuiltFixture, { virtualization: Kind }>
}

/** A machine of type m1.small with this disk. */
function spec(layer: DiskLayer, boot: MachineSpec['boot']): MachineSpec {
  const id = 'i-12345678'
  const drives = [{ ...layer, id: 'root', serial: 'euca-bdm-emi-dev-vda', durable: false }]
  return {
    id,
    uuid: machineUuid(id),
    folder,
    memoryMiB: 256,
    cpus: 1,
    console: join(folder, 'console.log'),
    boot,
    drives,
  }
}

/** Boots to the login prompt; gives what the guest reported about itself and the machine. */
async function boot(machineSpec: MachineSpec, bootLine: string) {
  const machine = await hypervisor.start(machineSpec)
  const shown = await consoleShows(machineSpec.console, bootLine, 200)
  const [, report] = /EUCA-EMU-REPORT-BEGIN\s+(.*?)EUCA-EMU-REPORT-END/s.exec(shown) ?? []
  return { machine, report: JSON.parse(report ?? 'null') }
}

async function checkDisk(file: string) {
  await execa('qemu-img', ['check', '-f', 'qcow2', file])
}

test('the HVM image boots by its own loader, is switched off by its button and keeps what it wrote', async () => {
  const { files, bootLine } = await fixture('hvm')
  const target = join(folder, 'root.qcow2')
  const layer = await createHvmDisk({ target, image: files.disk, bytes: 5 * GiB })
  await checkDisk(target)
  const machineSpec = spec(layer, { kind: 'disk' })
  const { machine, report } = await boot(machineSpec, bootLine)
  expect(report.disks).toMatchObject([{ name: 'vda', bytes: 5 * GiB, serial: 'euca-bdm-emi-dev-vda' }])
  expect(report.dmi).toMatchObject({
    sysVendor: 'Eucalyptus',
    productName: 'Eucalyptus',
    productUuid: machineSpec.uuid,
  })
  expect(report.dmi.productSerial).toBe(machineSpec.uuid)
  expect(report.bootCount).toBe(1)
  await machine.powerButton()
  expect(await machine.ended).toMatchObject({ reason: 'power-off' })
  await checkDisk(target)

  await rm(machineSpec.console)
  expect((await boot(machineSpec, bootLine)).report.bootCount).toBe(2)
})

test('the paravirtual image boots with its kernel and ramdisk on a disk of three partitions, and is reset', async () => {
  const { files, sizes, bootLine } = await fixture('paravirtual')
  const image = join(folder, 'image.raw')
  const padded = await open(image, 'wx')
  await copySparse(files.root, padded, bootRegionBytes)
  await padded.close()
  const target = join(folder, 'root.qcow2')
  const parts = paravirtualSizes(sizes.root, 5 * GiB)
  const layer = await createParavirtualDisk({ target, image, ...parts })
  await checkDisk(target)
  const commandLine = 'root=/dev/vda1 console=ttyS0'
  const { kernel, ramdisk } = files
  const machineSpec = spec(layer, { kind: 'kernel', kernel, ramdisk, commandLine })
  const { machine, report } = await boot(machineSpec, bootLine)
  expect(report.commandLine.trim()).toBe(commandLine)
  expect(report.disks).toHaveLength(1)
  expect(report.disks[0].partitions).toMatchObject([
    { name: 'vda1', bytes: parts.rootBytes, start: 63 },
    { name: 'vda2', bytes: parts.ephemeralBytes },
    { name: 'vda3', bytes: 512 * 2 ** 20 },
  ])
  expect(report.bootCount).toBe(1)
  const seen = new Promise<MachineReset>((resolve) => machine.onReset(resolve))
  await machine.reset()
  expect(await seen).toEqual({ by: 'host' })
  await consoleShows(machineSpec.console, 'boot-count=2', 200)
  await machine.end()
  expect(await machine.ended).toMatchObject({ reason: 'ended' })
})

test('an image that looks like another format is given to the guest byte by byte', async () => {
  const [secret, image] = [join(folder, 'secret'), join(folder, 'image')]
  await writeFile(secret, 'a secret of the host'.padEnd(4096, '.'))
  await createQcow2({ path: image, bytes: 2 ** 20, backing: { file: secret, format: 'raw' } })
  const target = join(folder, 'root.qcow2')
  const layer = await createHvmDisk({ target, image, bytes: GiB })
  const machine = await hypervisor.start(spec(layer, { kind: 'disk' }))
  const [copy, raw] = [join(folder, 'copy.qcow2'), join(folder, 'raw')]
  await machine.snapshot([{ driveId: 'root', target: copy }]).done
  await machine.end()
  // What the guest can read is what its drive's copy holds.
  await execa('qemu-img', ['dd', '-f', 'qcow2', '-O', 'raw', 'bs=1M', 'count=1', `if=${copy}`, `of=${raw}`])
  const bytes = await readFile(image)
  expect((await readFile(raw)).subarray(0, bytes.length)).toEqual(bytes)
  expect((await readFile(raw)).includes('a secret')).toBe(false)
})
