import { existsSync } from 'node:fs'
import { basename, dirname, join, parse } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Fidelity } from '../src/protocol/faults.ts'
import { isKnownAction, knownActions } from './ec2/known-actions.ts'
import { listOperations, loadOperations, operationFiles } from './surface.ts'

describe.each(['ec2', 'iam', 'sts', 'empyrean', 's3'])('the operations of %s', async (service) => {
  const files = await operationFiles(service)

  test('are found', () => expect(files.length).toBeGreaterThan(0))

  test.each(files.map((file) => [basename(file), file]))(
    '%s bears the wire name and has a test beside it',
    async (_, file) => {
      const { default: operation } = await import(file)
      const { name } = parse(file)
      expect(operation).toMatchObject({ name, run: expect.any(Function) })
      expect(existsSync(join(dirname(file), `${name}.test.ts`))).toBe(true)
    },
  )
})

test('operations are loaded by their wire names', async () => {
  expect([...(await loadOperations('sts')).keys()].sort()).toEqual(['AssumeRole', 'GetCallerIdentity'])
  expect((await loadOperations('ec2')).get('RunInstances')?.name).toBe('RunInstances')
})

describe('the list', async () => {
  const all = await listOperations()

  test('is in order and names nothing twice', () => {
    const names = all.map(({ service, name }) => `${service} ${name}`)
    expect(new Set(names).size).toBe(names.length)
    for (const service of new Set(all.map((one) => one.service))) {
      const own = all.filter((one) => one.service === service).map(({ name }) => name)
      expect(own).toEqual([...own].sort((a, b) => a.localeCompare(b)))
    }
  })

  test('says of nothing that is there that it is missing', () => {
    const there = new Set(all.filter(({ supported }) => supported).map(({ name }) => name))
    expect(knownActions.filter((name) => there.has(name))).toEqual([])
  })

  test.each([
    ['DescribeVpcs', true],
    ['RunInstances', false],
    ['Nonsense', false],
    ['constructor', false],
  ])('%s is known and missing: %s', (name, expected) => expect(isKnownAction(name)).toBe(expected))

  test('what only AWS has is known there only', () =>
    expect(['eucalyptus', 'aws'].map((fidelity) => isKnownAction('LockSnapshot', fidelity as Fidelity))).toEqual([
      false,
      true,
    ]))
})
