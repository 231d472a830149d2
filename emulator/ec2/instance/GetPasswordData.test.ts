import { describe, expect, test } from 'vitest'
import { freshCloud, type TestCloud, theText } from '../../cloud.harness.ts'
import { registerEbs } from '../volume/volume.harness.ts'

async function password(it: TestCloud, id: string): Promise<string> {
  const answer = await it.call('GetPasswordData', { InstanceId: id })
  expect(answer).toMatchObject({ instanceId: id, timestamp: '2026-01-01T00:00:00.000Z' })
  return theText(answer, 'passwordData')
}

async function withKey(it: TestCloud, parameters: Record<string, string> = {}): Promise<string> {
  await it.call('CreateKeyPair', { KeyName: 'mine' })
  const id = await it.run({ KeyName: 'mine', ...parameters })
  await it.idle()
  return id
}

describe('refusals', () => {
  test('one that is not there, and in eucalyptus one that does not run', async () => {
    const it = await freshCloud()
    expect(await it.refusal('GetPasswordData', { InstanceId: 'i-12345678' })).toContain('InvalidInstanceID.NotFound')
    const id = await it.run()
    expect(await it.refusal('GetPasswordData', { InstanceId: id })).toBe(
      `500 InternalFailure: Instance ${id} is not in a running state.`,
    )
  })

  test('in aws one that does not run has none yet', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    expect(await password(it, await it.run())).toBe('')
  })
})

describe('effect', () => {
  test('empty until the guest prints one, and then kept', async () => {
    const it = await freshCloud()
    const id = await withKey(it)
    const guest = it.hypervisor.machine(id)
    expect(await password(it, id)).toBe('')
    await guest.print('<Password>not base64!</Password>\r\n')
    expect(await password(it, id)).toBe('')
    await guest.print('<Password>c2Vj\r\ncmV0\r\n</Password>\r\n<Password>bGF0ZXI=</Password>')
    expect(await password(it, id)).toBe('c2VjcmV0')
    await guest.print('x'.repeat(70_000))
    expect(await password(it, id)).toBe('c2VjcmV0')
  })

  test('of an instance without a key pair nobody looks for one', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    await it.hypervisor.machine(id).print('<Password>c2VjcmV0</Password>')
    expect(await password(it, id)).toBe('')
  })

  test('a stop erases it for windows alone', async () => {
    const it = await freshCloud()
    const linux = await withKey(it, { ImageId: await registerEbs(it) })
    const windows = await it.run({ KeyName: 'mine', ImageId: await registerEbs(it, { Platform: 'windows' }) })
    await it.idle()
    for (const id of [linux, windows]) {
      await it.hypervisor.machine(id).print('<Password>c2VjcmV0</Password>')
      expect(await password(it, id)).toBe('c2VjcmV0')
      await it.call('StopInstances', { 'InstanceId.1': id })
      await it.idle()
      await it.call('StartInstances', { 'InstanceId.1': id })
      await it.idle()
    }
    expect(await password(it, linux)).toBe('c2VjcmV0')
    expect(await password(it, windows)).toBe('')
  })
})
