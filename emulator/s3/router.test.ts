import { expect, it } from 'vitest'
import type { Fidelity } from '../../src/protocol/faults.ts'
import { type S3Route, s3Operation } from './operation.ts'
import { createRouter } from './router.ts'

const routes: Record<string, S3Route> = {
  List: { method: 'GET', of: 'bucket' },
  Acl: { method: 'GET', of: 'bucket', sub: 'acl' },
  Get: { method: 'GET', of: 'object' },
  Put: { method: 'PUT', of: 'object' },
  Copy: { method: 'PUT', of: 'object', header: 'x-amz-copy-source' },
  Part: { method: 'PUT', of: 'object', sub: 'uploadId' },
  PartCopy: { method: 'PUT', of: 'object', sub: 'uploadId', header: 'x-amz-copy-source' },
}
const made = (name: string, route: S3Route, fidelity?: Fidelity) =>
  s3Operation(name, { route, access: 'anyone', run: async () => ({}), ...(fidelity && { fidelity }) })
const operations = [
  ...Object.entries(routes).map(([name, route]) => made(name, route)),
  made('Tags', { method: 'GET', of: 'object', sub: 'tagging' }, 'aws'),
]
const copying = { 'x-amz-copy-source': 'a/b' }

it.each([
  ['GET', 'bucket', undefined, {}, 'List'],
  ['GET', 'bucket', 'acl', {}, 'Acl'],
  ['GET', 'bucket', 'cors', {}, undefined],
  ['HEAD', 'bucket', undefined, {}, undefined],
  ['GET', 'object', undefined, {}, 'Get'],
  ['GET', 'object', undefined, copying, 'Get'],
  ['PUT', 'object', undefined, {}, 'Put'],
  ['PUT', 'object', undefined, copying, 'Copy'],
  ['PUT', 'object', 'uploadId', {}, 'Part'],
  ['PUT', 'object', 'uploadId', copying, 'PartCopy'],
  ['GET', 'service', undefined, {}, undefined],
] as const)('%s %s %s %j: %s', (method, of, sub, headers, expected) => {
  for (const order of [operations, operations.toReversed()]) {
    expect(createRouter(order, 'eucalyptus')({ method, of, sub, headers })?.name).toBe(expected)
  }
})

it.each([
  ['aws', 'Tags'],
  ['eucalyptus', undefined],
] as const)('in %s an operation of AWS alone is %s', (fidelity, expected) => {
  const router = createRouter(operations, fidelity)
  expect(router({ method: 'GET', of: 'object', sub: 'tagging', headers: {} })?.name).toBe(expected)
})
