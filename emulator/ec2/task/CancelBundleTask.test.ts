import { describe, expect, test } from 'vitest'
import { theText } from '../../cloud.harness.ts'
import { bundle, bundlingCloud, keys, states, tasks, untilShutDown } from './bundle.harness.ts'

const deaf = { guests: { obeysPowerButton: () => false } }

describe('shape', () => {
  test('an id is required, and must be one', async () => {
    const it = await bundlingCloud()
    expect(await it.refusal('CancelBundleTask')).toMatch(/^400 MissingParameter: .*BundleId/)
    const malformed = await it.refusal('CancelBundleTask', { BundleId: 'i-12345678' })
    expect(malformed).toBe('400 InvalidInstanceID.Malformed: Invalid id: "i-12345678"')
  })
})

describe('refusals', () => {
  test('of tasks that are not there, are another account’s, or are over', async () => {
    const it = await bundlingCloud()
    const bob = await it.account('bob')
    const id = await it.run()
    await it.idle()
    await bundle(it, id)
    await it.idle()
    const BundleId = id.replace('i-', 'bun-')
    const refusal = (parameters: Record<string, string>, as?: typeof bob) =>
      it.refusal('CancelBundleTask', parameters, as)
    const absent = (task: string) => `500 InternalFailure: Failed to find bundle task: ${task}`
    expect(await refusal({ BundleId: 'bun-12345678' })).toBe(absent('bun-12345678'))
    expect(await refusal({ BundleId }, bob)).toBe(absent(BundleId))
    const over = "500 InternalFailure: Can't cancel bundle task when the bundle task is complete"
    expect(await refusal({ BundleId })).toBe(over)
    expect(await keys(it)).toEqual(['web.manifest.xml', 'web.part.00'])
  })

  test('of AWS have codes of their own', async () => {
    const it = await bundlingCloud({ fidelity: 'aws' })
    const refusal = await it.refusal('CancelBundleTask', { BundleId: 'bun-12345678' })
    expect(refusal).toBe("400 InvalidBundleID.NotFound: The bundle ID 'bun-12345678' does not exist")
  })
})

describe('effect', () => {
  test('a task that waits for its instance to shut down stores nothing, and the instance boots again', async () => {
    const it = await bundlingCloud(deaf)
    const id = await it.run()
    await it.idle()
    await bundle(it, id)
    await untilShutDown(it)
    const BundleId = id.replace('i-', 'bun-')
    const before = it.hypervisor.machine(id)
    const answer = await it.call('CancelBundleTask', { BundleId })
    expect(theText(answer, 'bundleInstanceTask', 'state')).toBe('canceling')
    const again = await it.refusal('CancelBundleTask', { BundleId })
    expect(again).toBe("500 InternalFailure: Can't cancel bundle task when the bundle task is canceling")
    await it.clock.advance(60_000)
    await it.idle()
    expect(await states(it)).toEqual(['cancelled'])
    expect(await keys(it)).toBeUndefined()
    expect(it.hypervisor.machine(id)).not.toBe(before)
    expect(it.cloud.instances.get(id)?.state).toBe('running')
    expect(await tasks(it)).toEqual([`${BundleId} ${id} cancelled 0`])
  })

  test('in AWS a cancelled task has failed', async () => {
    const it = await bundlingCloud({ ...deaf, fidelity: 'aws' })
    const id = await it.run({ ImageId: await it.register({ kernelId: 'windows' }) })
    await it.idle()
    const BundleId = theText(await bundle(it, id), 'bundleId')
    await untilShutDown(it)
    expect(theText(await it.call('CancelBundleTask', { BundleId }), 'bundleInstanceTask', 'state')).toBe('cancelling')
    await it.clock.advance(60_000)
    await it.idle()
    const shown = await it.call('DescribeBundleTasks', { 'BundleId.1': BundleId })
    const task = (...path: string[]) => theText(shown, 'bundleInstanceTasksSet', '0', ...path)
    expect([task('state'), task('error', 'code')]).toEqual(['failed', 'Client.Cancelled'])
  })
})
