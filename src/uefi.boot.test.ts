import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createUefiDisk } from '../emulator/uefi.harness.ts'
import { defaultCache, installedFixtures } from '../fixtures/catalog.ts'
import { type QueryClient, queryClient } from './client/ec2.ts'
import { list, text, type Xml } from './client/xml.ts'
import { readDataFolder } from './commands/data-folder.ts'
import { addImage } from './commands/image-add.ts'
import { type Emulator, startEmulator } from './index.ts'

/** An image that starts by UEFI alone, from a file as a vendor would ship it to guests that run, reboot, stop and start. */
const bootLoader = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi'

let work: string
let emulator: Emulator
let ec2: QueryClient
beforeAll(async () => {
  if (!existsSync(bootLoader)) throw new Error(`no ${bootLoader}: apt-get install systemd-boot-efi`)
  work = await mkdtemp(join(tmpdir(), 'euca-emu-uefi-'))
  emulator = await startEmulator({ catalog: false, data: join(work, 'data'), port: 0, fidelity: 'aws' })
  const { accessKeyId, secretAccessKey } = emulator.credentials
  const endpoint = `${emulator.url}/services/compute`
  const access = { accessKeyId, secretAccessKey, region: 'us-east-1' }
  ec2 = queryClient({ ...access, endpoint, service: 'ec2', version: '2016-11-15' })
})
afterAll(async () => {
  await emulator?.stop(AbortSignal.abort())
  await rm(work, { recursive: true, force: true })
})

/** The file of a disk that a BIOS cannot start, and that OVMF can. */
async function uefiDisk(): Promise<string> {
  const found = (await installedFixtures(defaultCache())).find(({ virtualization }) => virtualization === 'paravirtual')
  if (found?.virtualization !== 'paravirtual') throw new Error('no starter images: "euca-emu fixtures build"')
  const file = join(work, 'vendor.raw')
  await createUefiDisk(file, { ...found.files, loader: bootLoader })
  return file
}

async function instance(InstanceId: string): Promise<Xml> {
  const [reservation = ''] = list(await ec2.call('DescribeInstances', { InstanceId: [InstanceId] }), 'reservationSet')
  const [found = ''] = list(reservation, 'instancesSet')
  return found
}

/** Waits for the guest's own report of this boot. */
const boots = (InstanceId: string, count: number) =>
  vi.waitFor(
    async () => {
      expect(await instance(InstanceId)).toMatchObject({ instanceState: { name: 'running' } })
      const { output } = (await ec2.call('GetConsoleOutput', { InstanceId })) as Record<string, string>
      const console = Buffer.from(output ?? '', 'base64').toString()
      expect(console).toContain(`boot-count=${count}\r\n`)
      return console
    },
    { timeout: 300_000, interval: 300 },
  )

test('a disk for UEFI alone is added, boots by UEFI, and again after a reboot', async () => {
  const file = await uefiDisk()
  const folder = await readDataFolder(join(work, 'data'))
  const [made] = await addImage(folder, { files: [file], type: 'hvm', bucket: 'images', architecture: 'x86_64' })
  const launched = await ec2.call('RunInstances', { ImageId: made?.id, MinCount: 1, MaxCount: 1 })
  const id = text(list(launched, 'instancesSet')[0] ?? '', 'instanceId') ?? ''
  const console = await boots(id, 1)
  // The firmware's own words, then the guest's view of it: a SeaBIOS would be named there.
  expect(console).toMatch(/BdsDxe: starting Boot\d+/)
  expect(console).toMatch(/"biosVendor": "(?!SeaBIOS)\w/)
  expect(console).toContain('"root": "/dev/vda2"')
  expect(await instance(id)).toMatchObject({ bootMode: 'uefi', currentInstanceBootMode: 'uefi' })
  const variables = join(work, 'data/machines', id, 'uefi-variables.fd')
  const { ino, mode } = await stat(variables)
  expect(mode & 0o777).toBe(0o600)

  await ec2.call('RebootInstances', { InstanceId: [id] })
  await boots(id, 2)
  expect((await stat(variables)).ino).toBe(ino)
})
