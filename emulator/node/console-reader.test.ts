import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { ConsoleReader } from './console-reader.ts'

let path: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'console-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  path = join(folder, 'console.log')
})

function reader(scrollback?: number) {
  const one = new ConsoleReader(path, scrollback)
  onTestFinished(() => one.close())
  return async () => (await one.next()).toString('latin1')
}

test('gives what is there, then what comes', async () => {
  const next = reader()
  expect(await next()).toBe('')
  appendFileSync(path, 'one')
  expect(await next()).toBe('one')
  expect(await next()).toBe('')
  appendFileSync(path, 'two')
  expect(await next()).toBe('two')
})

test('gives of what is there no more than was asked for, and all that comes', async () => {
  writeFileSync(path, 'abcdef')
  const next = reader(2)
  expect(await next()).toBe('ef')
  appendFileSync(path, 'x'.repeat(5))
  expect(await next()).toBe('xxxxx')
})

test('gives a long file in pieces', async () => {
  writeFileSync(path, 'x'.repeat(100_000))
  const next = reader()
  expect([(await next()).length, (await next()).length, await next()]).toEqual([65_536, 34_464, ''])
})

test('reads a file to its end before the one that took its place', async () => {
  writeFileSync(path, 'old')
  const next = reader(2)
  expect(await next()).toBe('ld')
  appendFileSync(path, ' end')
  renameSync(path, `${path}.old`)
  expect(await next()).toBe(' end')
  expect(await next()).toBe('')
  writeFileSync(path, 'new, as a whole')
  expect(await next()).toBe('new, as a whole')
})

test('reads a file that is removed to its end', async () => {
  writeFileSync(path, 'one')
  const next = reader()
  expect(await next()).toBe('one')
  appendFileSync(path, 'two')
  rmSync(path)
  expect([await next(), await next()]).toEqual(['two', ''])
})
