import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, freshCloud, items } from '../../cloud.harness.ts'
import {
  importInstance,
  importVolume,
  instanceRequest,
  isOver,
  reaches,
  told,
  uploadOf,
  volumeRequest,
} from './task.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds
const bytes = randomBytes(700_000)

test.each([
  ['an unknown task', {}],
  ["another account's", { theirs: true }],
])('refuses %s', async (_title, { theirs = false }: { theirs?: boolean }) => {
  for (const [it, refusal] of [
    [eucalyptus, '500 400: Conversion task not found'],
    [aws, /^400 InvalidConversionTaskId: /],
  ] as const) {
    const upload = uploadOf(it, { bytes })
    const mine = theirs ? await importVolume(it, volumeRequest(upload.url, bytes.length)) : 'import-vol-12345678'
    const caller = await it.account(`other-${theirs}`)
    expect(await it.refusal('CancelConversionTask', { ConversionTaskId: mine }, caller)).toMatch(refusal)
  }
})

test('a task without uploads is cancelling for two minutes, then cancelled', async () => {
  const it = eucalyptus
  const upload = uploadOf(it, { bytes })
  const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
  expect(await it.call('CancelConversionTask', { ConversionTaskId: id })).toMatchObject({ return: 'true' })
  expect(await told(it, id)).toBe('cancelling Cancelled by user')
  await it.clock.advance(119_000)
  expect(await told(it, id)).toBe('cancelling Cancelled by user')
  // Asked again, it is still going.
  expect(await it.call('CancelConversionTask', { ConversionTaskId: id })).toMatchObject({ return: 'true' })
  await upload.all()
  await isOver(it, id)
  expect(await told(it, id)).toBe('cancelled Cancelled by user')
  expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
})

test('in aws it is over soon, with the reason that was given', async () => {
  const upload = uploadOf(aws, { bytes })
  const id = await importVolume(aws, volumeRequest(upload.url, bytes.length))
  await aws.call('CancelConversionTask', { ConversionTaskId: id, ReasonMessage: 'another day' })
  await isOver(aws, id)
  expect(await told(aws, id)).toBe('cancelled another day')
})

test('what is over stays', async () => {
  for (const it of [eucalyptus, aws]) {
    const upload = uploadOf(it, { bytes })
    await upload.all()
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await isOver(it, id)
    if (it === aws) {
      const refusal = `400 IncorrectState: The conversion task ${id} is completed and cannot be cancelled`
      expect(await it.refusal('CancelConversionTask', { ConversionTaskId: id })).toBe(refusal)
    } else {
      expect(await it.call('CancelConversionTask', { ConversionTaskId: id })).toMatchObject({ return: 'true' })
    }
    expect(await told(it, id)).toBe('completed Import task finished successfully')
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 1, snapshots: 0 })
  }
})

describe.each(['pending', 'converting'])('a task that is %s', (state) => {
  test('leaves neither volumes nor files', async () => {
    const it = await freshCloud()
    // Both places are taken: the next task waits.
    const release: (() => void)[] = []
    for (let place = 0; place < 2; place += 1) {
      void it.cloud.conversions.inTurn(() => new Promise<void>((resolve) => release.push(resolve)))
    }
    const upload = uploadOf(it, { bytes: randomBytes(20_000_000), partBytes: 10_000_000 })
    await upload.all()
    const id = await importInstance(it, instanceRequest(upload.url, 20_000_000))
    await reaches(it, id, 'pending')
    if (state === 'converting') {
      for (const go of release) go()
      await reaches(it, id, 'converting')
    }
    await it.call('CancelConversionTask', { ConversionTaskId: id })
    for (const go of release) go()
    await isOver(it, id)
    expect(await told(it, id)).toBe('cancelled Cancelled by user')
    expect(await it.cloud.storage.usage()).toMatchObject({ volumes: 0, snapshots: 0 })
    expect(readdirSync(it.cloud.files.conversions)).toEqual([])
    expect(items(await it.call('DescribeVolumes'), 'volumeSet')).toEqual([])
    expect(it.cloud.instances.list()).toEqual([])
  })
})
