import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const it = clouds.eucalyptus

async function console(id: string, cloud = it): Promise<string> {
  const answer = await cloud.call('GetConsoleOutput', { InstanceId: id })
  expect(answer).toMatchObject({ instanceId: id, timestamp: '2026-01-01T00:00:00.000Z' })
  return Buffer.from(theText(answer, 'output'), 'base64').toString('latin1')
}

describe('shape', () => {
  test.each([
    [{}, '400 MissingParameter: The request must contain the parameter InstanceId'],
    [
      { InstanceId: 'i-12345678', Latest: 'perhaps' },
      '400 400 Bad Request: Failed to bind the following fields:\nLatest = perhaps',
    ],
  ])('%j', async (parameters, refusal) => expect(await it.refusal('GetConsoleOutput', parameters)).toBe(refusal))
})

describe('refusals', () => {
  test.each([
    ['a malformed id', 'nonsense', '400 InvalidInstanceID.Malformed: Invalid id: "nonsense"'],
    [
      'one that is not there',
      'i-12345678',
      "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
    ],
  ])('%s', async (_title, InstanceId, refusal) =>
    expect(await it.refusal('GetConsoleOutput', { InstanceId })).toBe(refusal),
  )

  test('in eucalyptus one that does not run; in aws it has an answer', async () => {
    const refused = await it.run()
    await it.call('TerminateInstances', { 'InstanceId.1': refused })
    await it.idle()
    expect(await it.refusal('GetConsoleOutput', { InstanceId: refused })).toBe(
      `500 InternalFailure: Instance ${refused} is not in a running state.`,
    )
    const answered = await clouds.aws.run()
    await clouds.aws.call('TerminateInstances', { 'InstanceId.1': answered })
    await clouds.aws.idle()
    expect(await console(answered, clouds.aws)).toBe(' \n')
  })
})

describe('effect', () => {
  test('the last 64 KiB, up to the first zero byte', async () => {
    const id = await it.run()
    await it.idle()
    expect(await console(id)).toContain(`${id} login: `)
    await it.hypervisor.machine(id).print(`${'x'.repeat(65_000)}the end`)
    await it.hypervisor.machine(id).print(`${'y'.repeat(1000)}\n`)
    const tail = await console(id)
    expect(tail).toHaveLength(64 * 1024)
    expect(tail.endsWith(`the end${'y'.repeat(1000)}\n`)).toBe(true)
    await it.hypervisor.machine(id).print('before\0after')
    expect(await console(id)).toMatch(/before$/)
  })

  test('after a reboot it starts empty', async () => {
    const id = await it.run()
    await it.idle()
    await it.hypervisor.machine(id).print('of the first boot')
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await console(id)).toBe(`\r\n${id} login: `)
  })
})
