import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { bothClouds, freshCloud, items, theText } from '../../cloud.harness.ts'
import { described, importVolume, isOver, told, until, uploadOf, volumeRequest } from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const bytes = randomBytes(100_000)

const ids = async (it: typeof eucalyptus, asked: string[], as?: Parameters<typeof it.call>[2]) => {
  const parameters = Object.fromEntries(asked.map((id, index) => [`ConversionTaskId.${index + 1}`, id]))
  const answer = await it.call('DescribeConversionTasks', parameters, as)
  return items(answer, 'conversionTasks').map((task) => theText(task, 'conversionTaskId'))
}

test('everybody sees their own; administrators all, by id or verbose', async () => {
  const [alice, bob] = [await eucalyptus.account('alice'), await eucalyptus.account('bob')]
  const begin = async (as: typeof alice) =>
    importVolume(eucalyptus, volumeRequest(uploadOf(eucalyptus, { bytes, as }).url, bytes.length), as)
  const [hers, his] = [await begin(alice), await begin(bob)]
  expect(await ids(eucalyptus, [], alice)).toEqual([hers])
  expect(await ids(eucalyptus, [hers, his], alice)).toEqual([hers])
  expect(await ids(eucalyptus, [])).toEqual([])
  expect((await ids(eucalyptus, ['verbose'])).sort()).toEqual([hers, his].sort())
  expect(await ids(eucalyptus, [his.toUpperCase()])).toEqual([his])
})

test('an unknown id is left out, in aws a fault', async () => {
  expect(await ids(eucalyptus, ['import-vol-00000000'])).toEqual([])
  expect(await aws.refusal('DescribeConversionTasks', { 'ConversionTaskId.1': 'import-vol-00000000' })).toBe(
    "400 InvalidConversionTaskId: The conversion task ID 'import-vol-00000000' does not exist",
  )
})

test('a task waits a week for its parts', async () => {
  const it = await freshCloud()
  const upload = uploadOf(it, { bytes, partBytes: 50_000 })
  await upload.manifest()
  await upload.part(0)
  const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
  const task = it.cloud.conversionTasks.get(id)
  if (!task) throw new Error('there is no task')
  // It was made a week ago: a test does not sit through so many seconds.
  const soon = new Date(it.cloud.clock.now().getTime() + 60_000).toISOString()
  await it.cloud.store.change((draft) => it.cloud.conversionTasks.in(draft).put({ ...task, expiresAt: soon }))
  const next = await it.restart('orderly')
  await next.clock.advance(50_000)
  expect(await told(next, id)).toBe('active Pending import-image upload')
  await until(next, () => next.cloud.conversionTasks.get(id)?.state === 'cancelling')
  expect(await told(next, id)).toBe('cancelling Import task is expired')
  await isOver(next, id)
  expect(await told(next, id)).toBe('cancelled Import task is expired')
})

test('a task that is over is forgotten after a day, in aws it stays', async () => {
  for (const fidelity of ['eucalyptus', 'aws'] as const) {
    const it = await freshCloud({ fidelity })
    const upload = uploadOf(it, { bytes })
    await upload.all()
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await isOver(it, id)
    await it.clock.advance(24 * 60 * 60_000 - 600_000)
    expect(await described(it, id)).toMatchObject({ state: 'completed' })
    await it.clock.advance(600_000)
    expect(await ids(it, [])).toEqual(fidelity === 'aws' ? [id] : [])
    const next = await importVolume(it, volumeRequest(upload.url, bytes.length))
    const kept = it.cloud.conversionTasks.list().map((task) => task.id)
    expect(kept.sort()).toEqual((fidelity === 'aws' ? [id, next] : [next]).sort())
  }
})

test('the bytes that have come in are told while they come', async () => {
  const it = await freshCloud()
  const large = randomBytes(30_000_000)
  const upload = uploadOf(it, { bytes: large, partBytes: 10_000_000 })
  await upload.all()
  const id = await importVolume(it, volumeRequest(upload.url, large.length))
  const seen = new Set<number>()
  await until(it, async () => {
    const task = await described(it, id)
    seen.add(Number(theText(task, 'importVolume', 'bytesConverted')))
    return theText(task, 'state') === 'completed'
  })
  const between = [...seen].filter((one) => one > 0 && one < large.length)
  expect(between.length).toBeGreaterThan(0)
  expect([...seen]).toEqual([...seen].sort((a, b) => a - b))
  expect(seen).toContain(large.length)
})
