import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, deep, items } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

describe('shape', () => {
  test('without instances', async () =>
    expect(await eucalyptus.refusal('UnmonitorInstances')).toBe(
      '400 MissingParameter: The request must contain the parameter InstanceId',
    ))
})

describe('refusals', () => {
  test('a malformed id', async () =>
    expect(await eucalyptus.refusal('UnmonitorInstances', { 'InstanceId.1': 'nonsense' })).toBe(
      '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"',
    ))

  test("of those that are not there and another account's AWS says so, and Eucalyptus passes them over", async () => {
    const unknown = { 'InstanceId.1': 'i-12345678' }
    expect(await aws.refusal('UnmonitorInstances', unknown)).toBe(
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    )
    expect(items(await eucalyptus.call('UnmonitorInstances', unknown), 'instancesSet')).toEqual([])
    const id = await eucalyptus.run()
    const before = eucalyptus.cloud.instances.get(id)?.monitoring
    const stranger = await eucalyptus.account('stranger')
    expect(
      items(await eucalyptus.call('UnmonitorInstances', { 'InstanceId.1': id }, stranger), 'instancesSet'),
    ).toEqual([])
    expect(eucalyptus.cloud.instances.get(id)?.monitoring).toBe(before)
  })
})

describe('effect', () => {
  test.each([
    ['eucalyptus', 'disabled'],
    ['aws', 'disabling'],
  ] as const)('it shows in the description, in %s', async (fidelity, state) => {
    const cloud = clouds[fidelity]
    const id = await cloud.run({ 'Monitoring.Enabled': 'true' })
    const answer = await cloud.call('UnmonitorInstances', { 'InstanceId.1': id })
    expect(items(answer, 'instancesSet')).toEqual([{ instanceId: id, monitoring: { state } }])
    const shown = await cloud.call('DescribeInstances', { 'InstanceId.1': id })
    expect(deep(shown, 'reservationSet', '0', 'instancesSet', '0', 'monitoring')).toEqual({
      state: 'disabled',
    })
  })
})
