import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { loadCases } from './cases.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const cases = await loadCases()
const covered = new Set(cases.flatMap(({ covers }) => covers))

/** The operations that the emulator claims: it finds them by the names of their files, and so does this. */
const claimed = (service: string): string[] =>
  readdirSync(`${root}emulator/${service}`, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const name = /(?:^|[\\/])([A-Z][A-Za-z0-9]*)\.ts$/.exec(path)?.[1]
    return name === undefined ? [] : [name]
  })

test.each(['ec2', 'iam', 'sts', 's3'])('every operation of %s is covered by some case', (service) => {
  expect(claimed(service).length).toBeGreaterThan(1)
  expect(claimed(service).filter((name) => !covered.has(name))).toEqual([])
})

/** Tasks of the image guide that a client does without the cloud: their tests are those of the client. */
const ofClients = ['Get an image', 'Install from an ISO image', 'Prepare a Linux system']

test('every task of the image guide is covered by some case', () => {
  const guide = readFileSync(`${root}docs/image-guide.md`, 'utf8')
  const tasks = guide.split(/^## /m).slice(1)
  const files = readdirSync(`${root}conformance/cases`, { recursive: true, encoding: 'utf8' })
  expect(tasks.length).toBeGreaterThan(8)
  const uncovered = tasks
    .filter((task) => {
      const named = [...task.matchAll(/`conformance\/cases\/([^`]+)`/g)].map(([, file]) => file)
      return !named.length || named.some((file) => !files.includes(file ?? ''))
    })
    .map((task) => task.slice(0, task.indexOf('\n')))
  expect(uncovered).toEqual(ofClients)
})
