import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { freshCloud, items, theText } from '../../cloud.harness.ts'

describe('a launch', () => {
  test('has as many instances as there is memory for, and those that ended make room', async () => {
    const it = await freshCloud({ settings: { memoryMiB: 1000 } })
    const most = { MinCount: '1', MaxCount: '100', ImageId: await it.register() }
    const answer = await it.call('RunInstances', most)
    // Of 256 MiB each.
    expect(items(answer, 'instancesSet')).toHaveLength(3)
    await it.idle()
    expect(await it.refusal('RunInstances', most)).toBe(
      '503 ServiceUnavailable: Not enough resources (0 in one < 1): vm instances.',
    )
    const id = theText(answer, 'instancesSet', '0', 'instanceId')
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(items(await it.call('RunInstances', most), 'instancesSet')).toHaveLength(1)
  })

  test('of a larger type has fewer', async () => {
    const it = await freshCloud({ settings: { memoryMiB: 1100 } })
    const most = { MinCount: '1', MaxCount: '100', ImageId: await it.register() }
    expect(items(await it.call('RunInstances', { ...most, InstanceType: 'm1.medium' }), 'instancesSet')).toHaveLength(2)
    expect(await it.refusal('RunInstances', most)).toMatch(/^503 /)
  })

  test('is promised vCPUs up to the overcommitment', async () => {
    const it = await freshCloud({ settings: { cpuOvercommit: 1, memoryMiB: 2 ** 20 } })
    const answer = await it.call('RunInstances', { MinCount: '1', MaxCount: '1000', ImageId: await it.register() })
    expect(items(answer, 'instancesSet')).toHaveLength(availableParallelism())
  })

  test('at the same time as others takes no room twice', async () => {
    const it = await freshCloud({ settings: { memoryMiB: 1000 } })
    const two = { MinCount: '2', MaxCount: '2', ImageId: await it.register() }
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => it.call('RunInstances', two)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })
})
