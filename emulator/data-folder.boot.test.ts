import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { uploader } from './bundle.harness.ts'
import { testSettings } from './cloud.harness.ts'
import { hostDown } from './machines/host.ts'
import { bootSectorDisk, bootSectorText } from './node/boot-sector.contract.ts'
import { consoleShows } from './node/hypervisor.contract.ts'
import { qemuHypervisor } from './node/qemu.ts'
import { type OpenCloud, openCloud } from './open.ts'
import { queryServices, serveQuery } from './query-service.ts'
import { systemClock } from './state/clock.ts'
import { loadOperations } from './surface.ts'

/** What other users of this host, and the guests' own processes, can reach of a cloud whose guest runs. */
let data: string
let opened: OpenCloud
let id: string
let pid: number

async function call(action: string, parameters: Record<string, string>): Promise<string> {
  const service = { ...queryServices.ec2, operations: await loadOperations('ec2') }
  const pairs = Object.entries({ Action: action, ...parameters })
  const caller = { ...opened.credentials, administrator: true }
  const { status, body } = await serveQuery(service, opened.cloud, pairs, { caller, requestId: 'the-request' })
  expect(status, String(body)).toBe(200)
  return String(body)
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'euca-emu-data-'))
  opened = await openCloud({
    settings: testSettings('eucalyptus'),
    data,
    clock: systemClock,
    hypervisor: ({ accelerator }) =>
      qemuHypervisor({ clock: systemClock, acceleratorCache: accelerator, accelerator: 'tcg' }),
    endpoint: () => 'http://127.0.0.1:8773/services/compute',
  })
  const { cloud, host, certificate, credentials } = opened
  const upload = uploader(cloud, certificate, { ...credentials, administrator: true })
  const location = await upload({ bytes: bootSectorDisk('idles') })
  const image = await call('RegisterImage', { Name: 'sector', ImageLocation: location, VirtualizationType: 'hvm' })
  const [ImageId = ''] = /emi-\w+/.exec(image) ?? []
  const [instance = ''] = /i-\w{8}/.exec(await call('RunInstances', { ImageId, MinCount: '1', MaxCount: '1' })) ?? []
  id = instance
  await consoleShows(cloud.files.machine(id).console, bootSectorText)
  await cloud.tasks.idle()
  pid = host.running.get(id)?.machine.pid ?? 0
  expect(pid).toBeGreaterThan(0)
})

afterAll(async () => {
  await hostDown(opened.host, AbortSignal.abort())
  await opened.close()
  await rm(data, { recursive: true })
})

test('only the owner may read or enter anything in the data folder', async () => {
  const names = await readdir(data, { recursive: true })
  const modes = await Promise.all(
    [data, ...names.map((name) => join(data, name))].map(async (path) => {
      const { mode } = await lstat(path)
      return `${(mode & 0o077).toString(8)} ${relative(data, path)}`
    }),
  )
  expect(names).toContain(relative(data, opened.cloud.files.machine(id).console))
  expect(modes.filter((line) => !line.startsWith('0 '))).toEqual([])
})

test("QEMU has open what belongs to its instance, and nothing else of the data folder or of this process's", async () => {
  const folder = `/proc/${pid}/fd`
  const open = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd))))
  const { files } = opened.cloud
  const own = files.machine(id)
  const [template = ''] = await readdir(files.images)
  const ours = open.filter((path) => path.startsWith(data)).sort()
  const log = join(own.folder, 'qemu.log')
  expect([...new Set(ours)]).toEqual([join(files.images, template), own.console, log, own.root].sort())
  const others = open.filter(
    (path) => !path.startsWith(data) && !/^(?:socket|pipe|anon_inode):|^\/dev\/null$/.test(path),
  )
  expect(others).toEqual([])
})

test('QEMU has no capabilities, whoever we are', async () => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const sets = [...status.matchAll(/^(Cap(?:Inh|Prm|Eff|Amb)):\t(\w+)$/gm)].map(([, name, value]) => `${name} ${value}`)
  expect(sets).toEqual(['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set} 0000000000000000`))
})
