import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findUefiFirmware, provideVariables } from './uefi-firmware.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-uefi-'))
  for (const name of ['etc', 'share', 'images']) await mkdir(join(folder, name))
  for (const name of ['code', 'code-2', 'variables']) await writeFile(image(name), name)
})
afterEach(() => rm(folder, { recursive: true }))

const image = (name: string) => join(folder, 'images', name)
const flash = (code = image('code'), format = 'raw') => ({
  device: 'flash',
  executable: { filename: code, format },
  'nvram-template': { filename: image('variables'), format: 'raw' },
})
/** A description as Debian's ovmf has it, with what a test changes in it. */
const description = (changes: object = {}) =>
  JSON.stringify({
    description: 'UEFI firmware for x86_64',
    'interface-types': ['uefi'],
    mapping: flash(),
    targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
    features: ['acpi-s3', 'verbose-dynamic'],
    tags: [],
    ...changes,
  })
const describeIn = (where: string, text: string) => writeFile(join(folder, where), text)
/** The program of the firmware that is found. */
const found = async () => {
  const folders = ['etc', 'missing', 'share'].map((name) => join(folder, name))
  return (await findUefiFirmware('/usr/bin/qemu-system-x86_64', folders))?.code
}

test('a firmware that describes itself is found, with its variables', async () => {
  await describeIn('share/60.json', description())
  const firmware = await findUefiFirmware('/x/bin/qemu', [join(folder, 'share')])
  expect(firmware).toEqual({ code: image('code'), variables: image('variables') })
})

test("QEMU's own folder is looked into, and none has to be there", async () => {
  await mkdir(join(folder, 'share/qemu/firmware'), { recursive: true })
  await describeIn('share/qemu/firmware/00.json', description())
  expect(await findUefiFirmware(join(folder, 'bin/qemu-system-x86_64'))).toMatchObject({ code: image('code') })
})

describe('passed over is', () => {
  const q35 = [{ architecture: 'x86_64', machines: ['pc-q35-*'] }]
  const arm = [{ architecture: 'aarch64', machines: ['pc-i440fx-*'] }]
  test.each<[string, () => string]>([
    ['one that wants system management mode', () => description({ features: ['requires-smm', 'secure-boot'] })],
    ['one for another machine', () => description({ targets: q35 })],
    ['one for another processor', () => description({ targets: arm })],
    ['a BIOS', () => description({ 'interface-types': ['bios'] })],
    ['one that is no flash memory', () => description({ mapping: { ...flash(), device: 'memory' } })],
    ['one that is all in one file', () => description({ mapping: { ...flash(), mode: 'combined' } })],
    ['one in another format', () => description({ mapping: flash(undefined, 'qcow2') })],
    ['one that is not there', () => description({ mapping: flash(image('missing')) })],
    ['one with a relative path', () => description({ mapping: flash('images/code') })],
    ['one that says nothing', () => '{}'],
    ['an empty file', () => ''],
    ['what is no description', () => 'hello'],
  ])('%s', async (_what, text) => {
    await describeIn('share/10.json', text())
    expect(await found()).toBeUndefined()
    await describeIn('share/20.json', description())
    expect(await found()).toBe(image('code'))
  })

  test('a file that is no description by its name', async () => {
    await describeIn('share/README', description())
    expect(await found()).toBeUndefined()
  })
})

test('the lowest name is the best, whatever folder it is in', async () => {
  await describeIn('etc/60.json', description())
  await describeIn('share/50.json', description({ mapping: flash(image('code-2')) }))
  expect(await found()).toBe(image('code-2'))
})

test.each([
  ['another takes the place of one of its name', () => description({ mapping: flash(image('code-2')) }), 'code-2'],
  ['an empty file hides one of its name', () => '', undefined],
])('of the administrator %s', async (_what, text, expected) => {
  await describeIn('etc/60.json', text())
  await describeIn('share/60.json', description())
  expect(await found()).toBe(expected && image(expected))
})

test('variables are copied once, for their owner alone, whatever others may do to their template', async () => {
  await chmod(image('variables'), 0o444)
  const [target, firmware] = [join(folder, 'etc/own'), { code: image('code'), variables: image('variables') }]
  // What is left of a copy that was cut short.
  await writeFile(`${target}.new`, 'var')
  await provideVariables(firmware, target)
  expect((await stat(target)).mode & 0o777).toBe(0o600)
  expect(await readFile(target, 'utf8')).toBe('variables')
  await writeFile(target, 'changed by the guest')
  await provideVariables(firmware, target)
  expect(await readFile(target, 'utf8')).toBe('changed by the guest')
  expect(await readdir(join(folder, 'etc'))).toEqual(['own'])
})
