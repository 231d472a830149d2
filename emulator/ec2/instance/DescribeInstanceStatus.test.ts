import { describe, expect, test } from 'vitest'
import { deep, freshCloud, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { broadcastFrame } from './status.harness.ts'

/** Each instance in the answer: its id, state, the check of the system and that of the instance. */
async function statuses(it: TestCloud, parameters: Record<string, string> = {}, as = it.administrator) {
  const answer = await it.call('DescribeInstanceStatus', parameters, as)
  return items(answer, 'instanceStatusSet').map((one) => [
    theText(one, 'instanceId'),
    theText(one, 'instanceState', 'name'),
    theText(one, 'systemStatus', 'status'),
    theText(one, 'instanceStatus', 'status'),
  ])
}

const ended = async (it: TestCloud) => {
  const id = await it.run()
  await it.idle()
  await it.call('TerminateInstances', { 'InstanceId.1': id })
  await it.idle()
  return id
}

describe('refusals', () => {
  test('ids and filters that are not there', async () => {
    const it = await freshCloud()
    expect(await it.refusal('DescribeInstanceStatus', { 'InstanceId.1': 'i-12345678' })).toContain(
      '400 InvalidInstanceID.NotFound',
    )
    expect(await it.refusal('DescribeInstanceStatus', { 'InstanceId.1': 'nonsense' })).toContain(
      '400 InvalidInstanceID.Malformed',
    )
    expect(await it.refusal('DescribeInstanceStatus', { 'Filter.1.Name': 'a', 'Filter.1.Value.1': 'b' })).toContain(
      "The filter 'a' is invalid.",
    )
  })
})

describe('in eucalyptus', () => {
  test('one that runs is well, the details say so', async () => {
    const it = await freshCloud()
    const id = await it.run()
    expect(await statuses(it)).toEqual([])
    await it.idle()
    const answer = await it.call('DescribeInstanceStatus', { 'InstanceId.1': id })
    expect(deep(answer, 'instanceStatusSet', '0')).toEqual({
      instanceId: id,
      availabilityZone: 'one',
      instanceState: { code: '16', name: 'running' },
      systemStatus: { status: 'ok', details: [{ name: 'reachability', status: 'passed' }] },
      instanceStatus: { status: 'ok', details: [{ name: 'reachability', status: 'passed' }] },
    })
  })

  test('one that does not run is left out unless all are asked for', async () => {
    const it = await freshCloud()
    const id = await ended(it)
    expect(await statuses(it, { 'InstanceId.1': id })).toEqual([])
    expect(await statuses(it, { IncludeAllInstances: 'true' })).toEqual([[id, 'terminated', 'not-applicable', 'ok']])
  })

  test("an account sees its own, an administrator everybody's by id and verbose", async () => {
    const it = await freshCloud()
    const user = await it.account('status-user')
    const id = await it.run({}, user)
    await it.idle()
    const theirs = [[id, 'running', 'ok', 'ok']]
    expect(await statuses(it, {}, user)).toEqual(theirs)
    expect(await statuses(it)).toEqual([])
    expect(await statuses(it, { 'InstanceId.1': id })).toEqual(theirs)
    expect(await statuses(it, { 'InstanceId.1': 'verbose' })).toEqual(theirs)
  })
})

describe('in aws', () => {
  test('the guest initializes until it is heard', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const id = await it.run()
    expect(await statuses(it, { IncludeAllInstances: 'true' })).toEqual([
      [id, 'pending', 'not-applicable', 'not-applicable'],
    ])
    await it.idle()
    expect(await statuses(it)).toEqual([[id, 'running', 'ok', 'initializing']])
    await broadcastFrame(it, id)
    expect(await statuses(it)).toEqual([[id, 'running', 'ok', 'ok']])
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await statuses(it)).toEqual([[id, 'running', 'ok', 'initializing']])
  })

  test('filters', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const gone = await ended(it)
    const id = await it.run()
    await it.idle()
    const filtered = async (name: string, value: string) => {
      const parameters = { IncludeAllInstances: 'true', 'Filter.1.Name': name, 'Filter.1.Value.1': value }
      return (await statuses(it, parameters)).map(([one]) => one)
    }
    for (const [name, value] of [
      ['instance-state-name', 'running'],
      ['instance-state-code', '16'],
      ['system-status.status', 'ok'],
      ['system-status.reachability', 'passed'],
      ['instance-status.status', 'initializing'],
      ['instance-status.reachability', 'initializing'],
    ] as const) {
      expect(await filtered(name, value), name).toEqual([id])
    }
    expect(await filtered('availability-zone', 'one')).toEqual([gone, id])
    expect(await filtered('system-status.status', 'not-applicable')).toEqual([gone])
    for (const name of ['code', 'description', 'not-after', 'not-before']) {
      expect(await filtered(`event.${name}`, '*')).toEqual([])
    }
  })
})
