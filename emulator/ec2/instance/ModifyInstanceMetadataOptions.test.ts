import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deep, freshCloud, testCloud } from '../../cloud.harness.ts'

const it = await testCloud({ fidelity: 'aws' })
afterAll(it.close)
let id = ''
beforeAll(async () => {
  id = await it.run()
  await it.idle()
})

const modify = (parameters: Record<string, string>) =>
  it.call('ModifyInstanceMetadataOptions', { InstanceId: id, ...parameters })

describe('refusals', () => {
  test.each<[string, Record<string, string>, string]>([
    ['an instance that is not there', { InstanceId: 'i-12345678' }, '400 InvalidInstanceID.NotFound'],
    ['an unknown word', { HttpTokens: 'perhaps' }, '400 InvalidParameterValue: Value (perhaps)'],
    ['no hop', { HttpPutResponseHopLimit: '0' }, '400 InvalidParameterValue: Value (0) for parameter HttpPut'],
    ['too many hops', { HttpPutResponseHopLimit: '65' }, '400 InvalidParameterValue: Value (65) for parameter HttpPut'],
    ['an unknown parameter', { HttpColour: 'red' }, '400 UnknownParameter'],
  ])('%s', async (_title, parameters, expected) => {
    const asked = { InstanceId: id, ...parameters }
    expect(await it.refusal('ModifyInstanceMetadataOptions', asked)).toContain(expected)
    expect(it.cloud.instances.get(id)?.metadataOptions).toBeUndefined()
  })

  test('one that has ended', async () => {
    const ended = await it.run()
    await it.call('TerminateInstances', { 'InstanceId.1': ended })
    await it.idle()
    expect(await it.refusal('ModifyInstanceMetadataOptions', { InstanceId: ended })).toContain('IncorrectInstanceState')
  })

  test('in eucalyptus there is no such action, and no such parameter of a launch', async () => {
    const eucalyptus = await freshCloud()
    const InstanceId = await eucalyptus.run()
    expect(await eucalyptus.refusal('ModifyInstanceMetadataOptions', { InstanceId })).toBe(
      '400 400 Bad Request: Failed to find binding for action ModifyInstanceMetadataOptions',
    )
    const launch = { ImageId: await eucalyptus.register(), MinCount: '1', MaxCount: '1' }
    expect(await eucalyptus.refusal('RunInstances', { ...launch, 'MetadataOptions.HttpTokens': 'optional' })).toContain(
      'Failed to bind the following fields',
    )
  })
})

describe('effect', () => {
  test('what is not asked for stays; the answer and DescribeInstances show all', async () => {
    await modify({ HttpTokens: 'optional', HttpPutResponseHopLimit: '2' })
    const answer = await modify({ HttpEndpoint: 'disabled' })
    const options = {
      state: 'applied',
      httpTokens: 'optional',
      httpPutResponseHopLimit: '2',
      httpEndpoint: 'disabled',
    }
    expect(answer).toMatchObject({ instanceId: id, instanceMetadataOptions: options })
    const described = await it.call('DescribeInstances', { 'InstanceId.1': id })
    expect(deep(described, 'reservationSet', '0', 'instancesSet', '0', 'metadataOptions')).toEqual(options)
  })

  test('a launch may bring them; without, tokens are optional', async () => {
    const required = await it.run({ 'MetadataOptions.HttpTokens': 'required' })
    const plain = await it.run()
    const tokens = async (one: string) => {
      const described = await it.call('DescribeInstances', { 'InstanceId.1': one })
      return deep(described, 'reservationSet', '0', 'instancesSet', '0', 'metadataOptions', 'httpTokens')
    }
    expect([await tokens(required), await tokens(plain)]).toEqual(['required', 'optional'])
  })
})
