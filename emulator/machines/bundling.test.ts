import { describe, expect, test, vi } from 'vitest'
import { type TestCloud, told } from '../cloud.harness.ts'
import { bundle, bundlingCloud, keys, states, untilShutDown } from '../ec2/task/bundle.harness.ts'

/** A cloud with a running instance. */
async function running(options: Parameters<typeof bundlingCloud>[0] = {}) {
  const it = await bundlingCloud(options)
  const id = await it.run()
  await it.idle()
  return { it, id, task: id.replace('i-', 'bun-') }
}

/** Holds the upload of objects whose key fits until it is called; resolves when the first one waits. */
function holdUploads(it: TestCloud, pattern: RegExp) {
  const { objects } = it.cloud
  const put = objects.putObject.bind(objects)
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let arrive: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  vi.spyOn(objects, 'putObject').mockImplementation(async (object) => {
    const stored = await put(object)
    if (!pattern.test(object.key)) return stored
    arrive()
    await released
    return stored
  })
  return { arrived, release: () => release() }
}

const errorOf = (it: TestCloud, id: string) => it.cloud.bundleTasks.get(id)?.error

describe('while a disk is bundled', () => {
  test('the instance is called running without a machine, and the task tells how far it is', async () => {
    const { it, id, task } = await running()
    const { arrived, release } = holdUploads(it, /part/)
    await bundle(it, id)
    await arrived
    expect([await told(it, id), it.cloud.machines.runs(id), await states(it)]).toEqual(['running ', false, ['storing']])
    expect(it.cloud.bundleTasks.get(task)?.progress).toBe(100)
    release()
    await it.idle()
    expect([it.cloud.machines.runs(id), await states(it)]).toEqual([true, ['complete']])
  })

  test('what is cancelled leaves nothing, and the instance runs again', async () => {
    const { it, id, task } = await running()
    const { arrived, release } = holdUploads(it, /part/)
    await bundle(it, id)
    await arrived
    await it.call('CancelBundleTask', { BundleId: task })
    release()
    await it.idle()
    expect([await states(it), await keys(it)]).toEqual([['cancelled'], undefined])
    expect(it.cloud.machines.runs(id)).toBe(true)
  })

  test('what is cancelled at the last moment leaves nothing', async () => {
    const { it, id, task } = await running()
    const { arrived, release } = holdUploads(it, /manifest/)
    await bundle(it, id)
    await arrived
    await it.call('CancelBundleTask', { BundleId: task })
    release()
    await it.idle()
    expect([await states(it), await keys(it)]).toEqual([['cancelled'], undefined])
  })

  test('an end of the instance is not held up, and fails the task', async () => {
    const { it, id, task } = await running()
    const { arrived, release } = holdUploads(it, /part/)
    await bundle(it, id)
    await arrived
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    release()
    await it.idle()
    expect([await told(it, id), await states(it)]).toEqual(['terminated USER_TERMINATED: User terminated.', ['failed']])
    expect([await keys(it), it.cloud.machines.runs(id)]).toEqual([undefined, false])
    expect(errorOf(it, task)).toMatchObject({ code: 'Server.InternalError' })
  })

  test('a reboot waits its turn', async () => {
    const { it, id } = await running()
    const { arrived, release } = holdUploads(it, /part/)
    await bundle(it, id)
    await arrived
    await it.call('RebootInstances', { 'InstanceId.1': id })
    release()
    await it.idle()
    expect([await states(it), await told(it, id), it.cloud.machines.runs(id)]).toEqual([['complete'], 'running ', true])
  })
})

test('a guest that does not listen to its power button is switched off after the grace', async () => {
  const { it, id } = await running({ guests: { obeysPowerButton: () => false } })
  await bundle(it, id)
  await untilShutDown(it)
  expect(await states(it)).toEqual(['storing'])
  await it.clock.advance(59_999)
  expect([await keys(it), it.cloud.machines.runs(id)]).toEqual([[], true])
  await it.clock.advance(1)
  await it.idle()
  expect([await states(it), it.cloud.machines.runs(id)]).toEqual([['complete'], true])
})

describe('a task fails, with nothing left, and the instance runs again:', () => {
  const log = () => vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const broken = (reason: string) => expect.stringContaining(reason)
  const deaf = { guests: { obeysPowerButton: () => false } }

  test.each<[string, (it: TestCloud) => Promise<unknown>, string, string]>([
    ['its policy expired', async () => undefined, 'Client.InvalidPolicyDocument', 'Expired policy'],
    ['its bucket is gone', (it) => it.cloud.objects.deleteBucket('backups'), 'Client.NoSuchBucket', 'does not exist'],
  ])('%s', async (_, happens, code, reason) => {
    const said = log()
    const { it, id, task } = await running(deaf)
    await bundle(it, id, { seconds: reason === 'Expired policy' ? 30 : 90 })
    await untilShutDown(it)
    await happens(it)
    await it.clock.advance(60_000)
    await it.idle()
    expect([await states(it), await keys(it)]).toEqual([['failed'], undefined])
    expect(errorOf(it, task)).toEqual({ code, message: broken(reason) })
    expect(it.cloud.machines.runs(id)).toBe(true)
    expect(said).toHaveBeenCalledWith(`bundle ${task}:`, expect.objectContaining({ message: broken(reason) }))
  })

  test('the bucket stays when it holds anything else', async () => {
    log()
    const { it, id } = await running(deaf)
    await it.upload({ location: 'backups/other.manifest.xml' })
    await bundle(it, id, { seconds: 30 })
    await untilShutDown(it)
    await it.clock.advance(60_000)
    await it.idle()
    expect(await states(it)).toEqual(['failed'])
    expect((await keys(it))?.filter((key) => key.startsWith('web'))).toEqual([])
    expect(await keys(it)).toContain('other.manifest.xml')
  })
})

describe.each(['orderly', 'crash'] as const)('when the emulator ends in the middle, %s', (how) => {
  test('the task has failed at the next start, nothing is left of it, and the instance runs', async () => {
    const { it, id, task } = await running()
    const { arrived, release } = holdUploads(it, /part/)
    await bundle(it, id)
    await arrived
    expect(await keys(it)).toEqual(['web.part.00'])
    // What is on its way is waited for, which an orderly stop does after it has told everybody.
    const next = it.restart(how)
    release()
    const after = await next
    await after.idle()
    expect([await states(after), await keys(after)]).toEqual([['failed'], undefined])
    expect(errorOf(after, task)?.message).toBe('The host of the instance went down.')
    expect([await told(after, id), after.cloud.machines.runs(id)]).toEqual(['running ', true])
    await bundle(after, id)
    await after.idle()
    expect(await states(after)).toEqual(['complete'])
  })
})
