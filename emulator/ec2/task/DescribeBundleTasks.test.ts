import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestCloud, testCloud } from '../../cloud.harness.ts'
import { bundle, bundlingCloud, smallDisks, tasks } from './bundle.harness.ts'

let it: TestCloud
let bob: Awaited<ReturnType<TestCloud['account']>>
/** A completed task of the administrator's, and one of Bob's. */
let [mine, bobs]: string[] = []
const task = (id = '') => id.replace('i-', 'bun-')

beforeAll(async () => {
  it = await testCloud({ settings: smallDisks })
  bob = await it.account('bob')
  ;[mine, bobs] = [await it.run(), await it.run({}, bob)]
  await it.idle()
  await bundle(it, mine)
  await bundle(it, bobs, { as: bob, Bucket: 'bobs' })
  await it.idle()
})
afterAll(() => it.close())

describe('shape', () => {
  test('a malformed id is refused', async () => {
    const refusal = await it.refusal('DescribeBundleTasks', { 'BundleId.1': 'bun-1' })
    expect(refusal).toBe('400 InvalidInstanceID.Malformed: Invalid id: "bun-1"')
  })

  test('an unknown filter is refused', async () => {
    const refusal = await it.refusal('DescribeBundleTasks', { 'Filter.1.Name': 'tag-key', 'Filter.1.Value.1': 'x' })
    expect(refusal).toBe("500 InternalFailure: The filter 'tag-key' is invalid.")
  })
})

describe('effect', () => {
  const row = (id: string | undefined) => `${task(id)} ${id} complete 100`

  test('everyone sees their own, and an administrator all by id or as verbose', async () => {
    expect(await tasks(it)).toEqual([row(mine)])
    expect(await tasks(it, {}, bob)).toEqual([row(bobs)])
    expect((await tasks(it, { 'BundleId.1': 'verbose' })).sort()).toEqual([row(mine), row(bobs)].sort())
    expect(await tasks(it, { 'BundleId.1': task(bobs) })).toEqual([row(bobs)])
  })

  test('what is no task of the caller is passed over', async () => {
    expect(await tasks(it, { 'BundleId.1': task(mine) }, bob)).toEqual([])
    expect(await tasks(it, { 'BundleId.1': 'bun-12345678' })).toEqual([])
  })

  test.each([
    ['bundle-id', () => task(mine), true],
    ['instance-id', () => mine, true],
    ['progress', () => '100', true],
    ['progress', () => '99', false],
    ['s3-bucket', () => 'backups', true],
    ['s3-bucket', () => 'bobs', false],
    ['s3-prefix', () => 'w*', true],
    ['state', () => 'complete', true],
    ['state', () => 'storing', false],
    ['start-time', () => '2026-01-01T*', true],
    ['update-time', () => '2025*', false],
    ['error-code', () => '', true],
    ['error-message', () => 'x', false],
  ])('the filter %s finds by value', async (name, value, isFound) => {
    const found = await tasks(it, { 'Filter.1.Name': name, 'Filter.1.Value.1': value() ?? '' })
    expect(found).toEqual(isFound ? [row(mine)] : [])
  })

  test('a task is shown as long as its instance', async () => {
    const other = await it.run({}, bob)
    await it.idle()
    await bundle(it, other, { as: bob, Bucket: 'bobs', Prefix: 'other' })
    await it.idle()
    await it.call('TerminateInstances', { 'InstanceId.1': other }, bob)
    await it.idle()
    expect((await tasks(it, {}, bob)).sort()).toEqual([row(bobs), row(other)].sort())
    await it.clock.advance(60 * 60_000)
    expect(await tasks(it, {}, bob)).toEqual([row(bobs)])
  })
})

test('AWS knows no task that is passed over, nor one that is malformed', async () => {
  const aws = await bundlingCloud({ fidelity: 'aws' })
  const unknown = (id: string) => `400 InvalidBundleID.NotFound: The bundle ID '${id}' does not exist`
  const refusal = (id: string) => aws.refusal('DescribeBundleTasks', { 'BundleId.1': id })
  expect(await refusal('bun-12345678')).toBe(unknown('bun-12345678'))
  expect(await refusal('x')).toBe(unknown('x'))
})
