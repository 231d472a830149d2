import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { freshCloud, items, type TestCloud } from '../../cloud.harness.ts'
import {
  importInstance,
  importVolume,
  instanceRequest,
  isOver,
  reaches,
  told,
  until,
  uploadOf,
  volumeRequest,
} from './task.harness.ts'

const bytes = randomBytes(6_000_000)
const disk = { bytes, partBytes: 2_000_000 }

/** What the data folder has of an import once it is over. */
async function expectWhole(it: TestCloud, snapshots: number): Promise<void> {
  expect(readdirSync(it.cloud.files.conversions)).toEqual([])
  expect(it.cloud.snapshots.list().map(({ state }) => state)).toEqual(Array(snapshots).fill('completed'))
  const known = { volumes: it.cloud.volumes.list().length, snapshots }
  expect(await it.cloud.storage.usage()).toMatchObject(known)
}

describe.each(['orderly', 'crash'] as const)('the emulator ends, %s', (how) => {
  test('while parts come: the task waits for the rest', async () => {
    const it = await freshCloud()
    const upload = uploadOf(it, disk)
    await upload.manifest()
    await upload.part(0)
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await it.clock.advance(2_000)
    const next = await it.restart(how)
    expect(await told(next, id)).toBe('active Pending import-image upload')
    await upload.on(next).part(1)
    await upload.on(next).part(2)
    await isOver(next, id)
    expect(await told(next, id)).toBe('completed Import task finished successfully')
    await expectWhole(next, 0)
  })

  test('while a disk is converted: it is converted again', async () => {
    const it = await freshCloud()
    const upload = uploadOf(it, disk)
    await upload.all()
    const id = await importInstance(it, instanceRequest(upload.url, bytes.length))
    await until(it, () => it.cloud.conversions.progress(`${id}-0`) > 0)
    const next = await it.restart(how)
    expect(items(await next.call('DescribeVolumes'), 'volumeSet')).toEqual([])
    await isOver(next, id)
    await next.idle()
    expect(await told(next, id)).toBe('completed Import task finished successfully')
    await expectWhole(next, 1)
    expect(next.cloud.instances.list()).toHaveLength(1)
    expect(next.cloud.images.list()).toHaveLength(1)
  })

  test('once the volume is there: nothing is made twice', async () => {
    const it = await freshCloud()
    const upload = uploadOf(it, disk)
    await upload.all()
    const id = await importInstance(it, instanceRequest(upload.url, bytes.length))
    await until(it, () => ['instantiating', 'completed'].includes(it.cloud.conversionTasks.get(id)?.state ?? ''))
    const next = await it.restart(how)
    await isOver(next, id)
    await next.idle()
    expect(await told(next, id)).toBe('completed Import task finished successfully')
    await expectWhole(next, 1)
    expect(next.cloud.instances.list()).toHaveLength(1)
    expect(next.cloud.images.list()).toHaveLength(1)
  })

  test('while a task is cancelling: it is cancelled after its time', async () => {
    const it = await freshCloud()
    const upload = uploadOf(it, disk)
    const id = await importVolume(it, volumeRequest(upload.url, bytes.length))
    await it.call('CancelConversionTask', { ConversionTaskId: id })
    await reaches(it, id, 'cancelling')
    const next = await it.restart(how)
    expect(await told(next, id)).toBe('cancelling Cancelled by user')
    await isOver(next, id)
    expect(await told(next, id)).toBe('cancelled Cancelled by user')
    await expectWhole(next, 0)
  })
})
