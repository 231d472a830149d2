import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import { showConsole } from './console.ts'
import { type DataFolder, readDataFolder } from './data-folder.ts'
import { addImage } from './image-add.ts'

const work = mkdtempSync(join(tmpdir(), 'console-'))
const hypervisor = fakeHypervisor()
let emulator: Emulator
let folder: DataFolder
let imageId: string
beforeAll(async () => {
  emulator = await startEmulator({ catalog: false, data: join(work, 'data'), port: 0, hypervisor })
  folder = await readDataFolder(join(work, 'data'))
  const disk = join(work, 'disk.raw')
  writeFileSync(disk, Buffer.alloc(512 * 8, 'disk'))
  const bar = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const [made] = await addImage(folder, { files: [disk], type: 'hvm', bucket: 'images', architecture: 'x86_64' })
  bar.mockRestore()
  imageId = made!.id
})
afterAll(async () => {
  await emulator.stop()
  rmSync(work, { recursive: true })
})

const call = (action: string, parameters: Record<string, string | number | string[]>) =>
  queryClient({
    ...folder,
    endpoint: `${emulator.url}/services/compute`,
    service: 'ec2',
    version: '2016-11-15',
  }).call(action, parameters)

/** Launches an instance; resolves with its id when its guest is up. */
async function launch(): Promise<string> {
  const answer = await call('RunInstances', { ImageId: imageId, MinCount: 1, MaxCount: 1 })
  const [instance = ''] = list(answer, 'instancesSet')
  const id = text(instance, 'instanceId') ?? ''
  await vi.waitFor(() => hypervisor.machine(id), { timeout: 20_000 })
  return id
}

/** A terminal, or a pipe, whose person types and sees what a test says. */
function terminal(isTTY: boolean) {
  const modes: boolean[] = []
  const setRawMode = (raw: boolean) => modes.push(raw)
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode }) as unknown as NodeJS.ReadStream
  const screens = { output: '', notes: '' }
  const screen = (name: keyof typeof screens) =>
    Object.assign(new PassThrough(), { isTTY }).on('data', (bytes) => {
      screens[name] += bytes
    })
  const type = (keys: string) => (input as unknown as PassThrough).write(keys)
  return { modes, screens, type, streams: { input, output: screen('output'), notes: screen('notes') } }
}

const forever = new AbortController().signal
const show = (instance: string, follow: boolean, { streams }: ReturnType<typeof terminal>, signal = forever) =>
  showConsole(folder, { instance, follow, signal }, streams)

describe('console', () => {
  test('prints what there is and is done', async () => {
    const person = terminal(true)
    const id = await launch()
    await vi.waitFor(async () => {
      await show(id, false, person)
      expect(person.screens).toEqual({ output: expect.stringContaining(`\r\n${id} login: `), notes: '' })
    })
    expect(person.modes).toEqual([])
  })

  test.each([false, true])('that is no instance says so (follow: %s)', async (follow) => {
    await expect(show('i-00000000', follow, terminal(true))).rejects.toMatchObject({
      name: 'CommandFailed',
      message: 'there is no instance i-00000000',
    })
  })

  test('without its emulator says so', async () => {
    const { streams } = terminal(false)
    const nowhere = { ...folder, url: 'http://127.0.0.1:9' }
    await expect(
      showConsole(nowhere, { instance: 'i-12345678', follow: true, signal: forever }, streams),
    ).rejects.toThrow('no emulator answers at http://127.0.0.1:9')
  })
})

describe('console -f', () => {
  test('goes on until the instance ends, and says so', async () => {
    const person = terminal(false)
    const id = await launch()
    const shown = show(id, true, person)
    await vi.waitFor(() => expect(person.screens.output).toContain('login: '))
    person.type('not for the guest')
    await hypervisor.machine(id).print('a moment later')
    await vi.waitFor(() => expect(person.screens.output).toContain('a moment later'))
    expect(hypervisor.machine(id).typed).toBe('')
    hypervisor.machine(id).powerOff()
    await shown
    expect(person.screens.notes).toBe(`${id} is terminated: its console has ended.\n`)
    expect(person.modes).toEqual([])
  })

  test('on a terminal hands each key to the guest until Ctrl-], and gives the terminal back', async () => {
    const person = terminal(true)
    const id = await launch()
    const shown = show(id, true, person)
    await vi.waitFor(() => expect(person.modes).toEqual([true]))
    expect(person.screens.notes).toBe(`Connected to the serial console of ${id}; Ctrl-] leaves it.\r\n`)
    for (const keys of ['root', '\r', '\u0003', 'last\u001dnot any more']) person.type(keys)
    await shown
    expect(hypervisor.machine(id).typed).toBe('root\r\u0003last')
    expect(person.modes).toEqual([true, false])
  })

  test('is ended by a signal, and gives the terminal back', async () => {
    const person = terminal(true)
    const told = new AbortController()
    const shown = show(await launch(), true, person, told.signal)
    await vi.waitFor(() => expect(person.modes).toEqual([true]))
    told.abort(new Error('interrupted'))
    await expect(shown).rejects.toThrow('interrupted')
    expect(person.modes).toEqual([true, false])
  })

  test('whose reader goes away is done', async () => {
    const person = terminal(false)
    const id = await launch()
    const shown = show(id, true, person)
    await vi.waitFor(() => expect(person.screens.output).toContain('login: '))
    person.streams.output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    await shown
    expect(person.screens.notes).toBe('')
  })
})
