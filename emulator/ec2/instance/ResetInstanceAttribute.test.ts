import { afterAll, beforeAll, expect, test } from 'vitest'
import { bothClouds } from '../../cloud.harness.ts'
import { stoppedInstance } from '../volume/volume.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

type Name = keyof typeof clouds
const stopped: Record<Name, string> = { eucalyptus: '', aws: '' }
const running: Record<Name, string> = { eucalyptus: '', aws: '' }

beforeAll(async () => {
  for (const name of ['eucalyptus', 'aws'] as const) {
    stopped[name] = (await stoppedInstance(clouds[name])).id
    running[name] = await clouds[name].run({ DisableApiTermination: 'true' })
    await clouds[name].idle()
  }
})

const reset = (name: Name, InstanceId: string, Attribute: string) =>
  clouds[name].call('ResetInstanceAttribute', { InstanceId, Attribute })
const refusal = (name: Name, InstanceId: string, Attribute: string) =>
  clouds[name].refusal('ResetInstanceAttribute', { InstanceId, Attribute })

test('an instance that is not there', async () => {
  expect(await refusal('aws', 'i-12345678', 'kernel')).toContain('400 InvalidInstanceID.NotFound')
})

test('the termination protection, in eucalyptus alone', async () => {
  expect(await reset('eucalyptus', running.eucalyptus, 'disableApiTermination')).toMatchObject({ return: 'true' })
  expect(clouds.eucalyptus.cloud.instances.get(running.eucalyptus)?.disableApiTermination).toBe(false)
  expect(await refusal('aws', running.aws, 'disableApiTermination')).toBe(
    '400 InvalidParameterValue: Value (disableApiTermination) for parameter attribute is invalid. Unknown attribute.',
  )
})

test('sourceDestCheck, at any time', async () => {
  for (const name of ['eucalyptus', 'aws'] as const) {
    expect(await reset(name, running[name], 'sourceDestCheck')).toMatchObject({ return: 'true' })
  }
})

test.each(['kernel', 'ramdisk'])('%s while stopped: of the image in aws, as it is in eucalyptus', async (attribute) => {
  const field = attribute === 'kernel' ? 'kernelId' : 'ramdiskId'
  for (const name of ['eucalyptus', 'aws'] as const) {
    expect(await refusal(name, running[name], attribute)).toBe(
      `400 IncorrectInstanceState: The instance '${running[name]}' is not in the 'stopped' state.`,
    )
    const { cloud } = clouds[name]
    const other = await clouds[name].register({ kind: attribute === 'kernel' ? 'kernel' : 'ramdisk' })
    const parameter = attribute === 'kernel' ? 'Kernel.Value' : 'Ramdisk.Value'
    await clouds[name].call('ModifyInstanceAttribute', { InstanceId: stopped[name], [parameter]: other })
    expect(cloud.instances.get(stopped[name])?.[field]).toBe(other)
    await reset(name, stopped[name], attribute)
    expect(cloud.instances.get(stopped[name])?.[field]).toBe(name === 'aws' ? undefined : other)
  }
})

test('an unknown attribute of a stopped instance, in eucalyptus without effect', async () => {
  const before = clouds.eucalyptus.cloud.instances.get(stopped.eucalyptus)
  expect(await reset('eucalyptus', stopped.eucalyptus, 'nonsense')).toMatchObject({ return: 'true' })
  expect(clouds.eucalyptus.cloud.instances.get(stopped.eucalyptus)).toEqual(before)
  expect(await refusal('aws', stopped.aws, 'nonsense')).toContain('400 InvalidParameterValue')
})
