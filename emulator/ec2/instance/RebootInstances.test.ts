import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

describe('shape', () => {
  test('without instances', async () =>
    expect(await it.refusal('RebootInstances')).toBe(
      '400 MissingParameter: The request must contain the parameter InstanceId',
    ))
})

describe('refusals', () => {
  test.each([
    [
      'a malformed id',
      { 'InstanceId.1': 'nonsense' },
      '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"',
      '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"',
    ],
    [
      'what is not there',
      { 'InstanceId.1': 'i-12345678', 'InstanceId.2': 'i-87654321' },
      '500 InternalFailure: No such instance(s): i-12345678, i-87654321',
      "400 InvalidInstanceID.NotFound: The instance IDs 'i-12345678, i-87654321' do not exist",
    ],
  ])('%s', async (_title, parameters, inEucalyptus, inAws) => {
    expect(await clouds.eucalyptus.refusal('RebootInstances', parameters)).toBe(inEucalyptus)
    expect(await clouds.aws.refusal('RebootInstances', parameters)).toBe(inAws)
  })

  test("another account's", async () => {
    const id = await it.run()
    expect(await it.refusal('RebootInstances', { 'InstanceId.1': id }, await it.account('stranger'))).toBe(
      `500 InternalFailure: No such instance(s): ${id}`,
    )
  })
})

describe('effect', () => {
  test('running instances restart, and are running all the while', async () => {
    const id = await it.run()
    await it.idle()
    const before = it.hypervisor.machine(id)
    expect(await it.call('RebootInstances', { 'InstanceId.1': id })).toMatchObject({ return: 'true' })
    expect(it.cloud.instances.get(id)?.state).toBe('running')
    await it.idle()
    expect(it.hypervisor.machine(id)).not.toBe(before)
    expect(it.cloud.instances.get(id)?.state).toBe('running')
  })

  test('terminated ones are passed over', async () => {
    const id = await it.run()
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await it.call('RebootInstances', { 'InstanceId.1': id })).toMatchObject({ return: 'true' })
    await it.idle()
    expect(it.cloud.instances.get(id)?.state).toBe('terminated')
  })
})
