import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { listOperations } from '../../emulator/surface.ts'
import { operationsText } from './operations.ts'

const some = [
  { service: 'ec2', name: 'RunInstances', supported: true },
  { service: 'ec2', name: 'TerminateInstances', supported: true },
  { service: 's3', name: 'GetObject', supported: true },
  { name: 'CreateVolume', supported: false },
]

test.each([
  ['text', 'ec2  RunInstances\nec2  TerminateInstances\ns3   GetObject\n-    CreateVolume  (not supported yet)\n'],
  ['json', `${JSON.stringify(some, undefined, 2)}\n`],
  [
    'markdown',
    '| service | operations |\n| --- | --- |\n| ec2 | RunInstances, TerminateInstances |\n| s3 | GetObject |\n| not supported yet | CreateVolume |\n',
  ],
] as const)('as %s', (form, expected) => expect(operationsText(some, form)).toBe(expected))

test('the table in README.md is current: `euca-emu operations --markdown` prints it', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const table = /<!-- operations -->\n([\s\S]*?)<!-- \/operations -->/.exec(readme)?.[1]
  expect(table?.trim()).toBe(operationsText(await listOperations(), 'markdown').trim())
})

test('a cloud of Object Storage alone has its operations and those of accounts', async () => {
  const listed = await listOperations('s3')
  expect(new Set(listed.map(({ service }) => service))).toEqual(new Set(['iam', 's3', 'sts']))
  expect(listed.every(({ supported }) => supported)).toBe(true)
})
