import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { type DataFolder, readDataFolder } from './data-folder.ts'
import { buildImage } from './image-build.ts'
import { installerQuestion, installerRefusal, makeInstaller } from './installer.harness.ts'

let work: string
let emulator: Emulator
let folder: DataFolder
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'image-build-'))
  emulator = await startEmulator({ catalog: false, data: join(work, 'data'), port: 0 })
  folder = await readDataFolder(join(work, 'data'))
  await makeInstaller(join(work, 'installer.iso'))
})
afterAll(async () => {
  await emulator.stop(AbortSignal.abort())
  await rm(work, { recursive: true })
})

/** A terminal with a person who gives each question its answer. */
function person(answers: Record<string, string>) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let seen = ''
  const output = Object.assign(new PassThrough(), { isTTY: true }).on('data', (bytes) => {
    seen += bytes
    for (const [question, answer] of Object.entries(answers)) {
      if (!seen.includes(question)) continue
      delete answers[question]
      input.write(answer)
    }
  })
  return { streams: { input: input as unknown as NodeJS.ReadStream, output, notes: output }, seen: () => seen }
}

const forever = new AbortController().signal
const asked = () =>
  ({ iso: join(work, 'installer.iso'), size: 96 * 2 ** 20, bucket: 'images', accelerator: 'auto' }) as const

test('an installer fills the empty disk, and what is registered then boots with what was typed', async () => {
  const nonce = randomBytes(8).toString('hex')
  const { streams, seen } = person({ [installerQuestion]: `${nonce}\r` })
  const ImageId = await buildImage(folder, { ...asked(), name: 'installed' }, streams, forever)
  expect(seen()).toMatch(/Its screen: vncviewer \/.*\/vnc\.sock\r\n/)
  expect(seen()).toContain(`installed ${nonce}`)
  expect(await readdir(join(folder.data, 'installations'))).toEqual([])

  const endpoint = `${emulator.url}/services/compute`
  const ec2 = queryClient({ ...folder, endpoint, service: 'ec2', version: '2016-11-15' })
  const [image = ''] = list(await ec2.call('DescribeImages', { ImageId: [ImageId] }), 'imagesSet')
  expect([text(image, 'name'), text(image, 'virtualizationType')]).toEqual(['installed', 'hvm'])
  const [instance = ''] = list(await ec2.call('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 }), 'instancesSet')
  const InstanceId = text(instance, 'instanceId') ?? ''
  await vi.waitFor(
    async () => {
      const [reservation = ''] = list(
        await ec2.call('DescribeInstances', { InstanceId: [InstanceId] }),
        'reservationSet',
      )
      const [{ instanceState, reason } = {}] = list(reservation, 'instancesSet') as Record<string, unknown>[]
      expect({ instanceState, reason }).toMatchObject({ instanceState: { name: 'running' } })
      const answer = await ec2.call('GetConsoleOutput', { InstanceId })
      const console = Buffer.from(text(answer, 'output') ?? '', 'base64').toString()
      expect(console).toContain(`"nonce": "${nonce}"`)
    },
    { timeout: 200_000, interval: 500 },
  )
})

test.each([
  ['is given up', '\u001d', 'given up: nothing was registered'],
  ['ends with nothing on the disk', `${installerRefusal}\r`, 'the disk has no boot loader: nothing was registered'],
])('an installation that %s leaves nothing', async (_title, answer, sentence) => {
  const { streams } = person({ [installerQuestion]: answer })
  await expect(buildImage(folder, { ...asked(), name: 'nothing' }, streams, forever)).rejects.toThrow(sentence)
  expect(await readdir(join(folder.data, 'installations'))).toEqual([])
})
