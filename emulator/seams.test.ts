import { describe, expect, test } from 'vitest'
import { operation } from '../src/protocol/operation.ts'
import type { Cloud } from './cloud.ts'
import { type Engines, mutantNamed, mutantNames, unchanged } from './seams.ts'
import { listOperations } from './surface.ts'

const names = await mutantNames()
const operations = (await listOperations()).flatMap(({ name, supported }) => (supported ? [name] : []))
const engines = (
  'accounts objects imaging conversions bundling storage machines disks network hypervisor metadata signatures' as const
).split(' ') as (keyof Engines)[]

describe('mutants', () => {
  test('are found, and their type is none', () => {
    expect(names.length).toBeGreaterThanOrEqual(60)
    expect(names).not.toContain('mutant')
  })

  test.each(names)('%s says what it is, and wraps something that is there', async (name) => {
    const module = await import(`./mutants/${name}.ts`)
    expect(module.default.name).toBe(name)
    const { sentence, wraps } = await mutantNamed(name)
    expect(sentence).toMatch(/^[A-Z].{30,150}\.$/)
    expect([...operations, ...engines]).toContain(wraps)
  })

  test('leave alone what they do not name', async () => {
    const { seams } = await mutantNamed('tags-are-lost')
    const [named, other] = ['CreateTags', 'DeleteTags'].map((name) =>
      operation<Cloud, Record<string, never>>(name, { input: {}, run: async () => ({}) }),
    )
    if (!named || !other) throw new Error('there are two')
    expect(seams.operation(named)).not.toBe(named)
    expect(seams.operation(other)).toBe(other)
    const objects = {} as Engines['objects']
    expect(seams.engine('objects', objects)).toBe(objects)
    expect((await mutantNamed('keys-are-paths')).seams.engine('objects', objects)).not.toBe(objects)
  })

  test.each(['no-such-bug', 'mutant', '../seams', ''])('%j is none', async (name) =>
    expect(mutantNamed(name)).rejects.toThrow(/there is no such mutant; there are abort-keeps-the-upload, /),
  )
})

test('a cloud without a mutant is put together of its parts as they are', () => {
  const objects = {} as Engines['objects']
  expect(unchanged.engine('objects', objects)).toBe(objects)
})
