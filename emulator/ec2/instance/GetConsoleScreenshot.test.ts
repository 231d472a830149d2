import jpeg from 'jpeg-js'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, type TestCloud, theText } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

async function running(it: TestCloud, virtualization: 'hvm' | 'paravirtual'): Promise<string> {
  const id = await it.run({ ImageId: await it.register({ virtualization }) })
  await it.idle()
  return id
}

async function picture(it: TestCloud, InstanceId: string) {
  const answer = await it.call('GetConsoleScreenshot', { InstanceId, WakeUp: 'true' })
  expect(theText(answer, 'instanceId')).toBe(InstanceId)
  return jpeg.decode(Buffer.from(theText(answer, 'imageData'), 'base64'))
}

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const it = clouds[fidelity]

  test('an HVM instance shows its screen', async () =>
    expect(await picture(it, await running(it, 'hvm'))).toMatchObject({ width: 640, height: 480 }))

  test('a paravirtual instance, which has none, shows the end of its console', async () => {
    const id = await running(it, 'paravirtual')
    const before = await picture(it, id)
    expect(before).toMatchObject({ width: 640, height: 325 })
    await it.hypervisor.machine(id).print('\x1b[2J')
    const after = await picture(it, id)
    const bright = ({ data }: { data: Uint8Array }) => data.filter((value, at) => at % 4 < 3 && value > 128).length
    expect([bright(before) > 100, bright(after)]).toEqual([true, 0])
  })

  test('an instance that does not run has no picture', async () => {
    const id = await running(it, 'hvm')
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    const refusal = fidelity === 'aws' ? '400 IncorrectInstanceState' : '500 InternalFailure'
    expect(await it.refusal('GetConsoleScreenshot', { InstanceId: id })).toBe(
      `${refusal}: Instance ${id} is not in a running state.`,
    )
  })

  test.each([
    ['nonsense', '400 InvalidInstanceID.Malformed'],
    ['i-12345678', '400 InvalidInstanceID.NotFound'],
  ])('%s is refused', async (InstanceId, refusal) =>
    expect(await it.refusal('GetConsoleScreenshot', { InstanceId })).toContain(refusal),
  )
})
