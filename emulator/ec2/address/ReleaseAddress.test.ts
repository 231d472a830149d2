import { describe, expect, test } from 'vitest'
import { freshCloud, theText } from '../../cloud.harness.ts'
import { addressOfInstance, allocate, running, told } from './address.harness.ts'

describe('refusals', () => {
  test.each(['eucalyptus', 'aws'] as const)('in %s an address that is none, and one of others', async (fidelity) => {
    const it = await freshCloud({ fidelity })
    expect(await it.refusal('ReleaseAddress')).toContain('400 MissingParameter')
    expect(await it.refusal('ReleaseAddress', { PublicIp: '127.8.0.1' })).toContain('.NotFound')
    expect(await it.refusal('ReleaseAddress', { AllocationId: 'eipalloc-12345678' })).toContain('.NotFound')
    const user = await it.account('stranger')
    const { name, publicIp } = await allocate(it)
    const denied = fidelity === 'aws' ? '400 InvalidAllocationID.NotFound' : publicIp
    expect(await it.refusal('ReleaseAddress', name, user)).toContain(denied)
    expect(await told(it)).toEqual([`${publicIp} -`])
  })

  test('in aws one that is associated', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const { name, publicIp } = await allocate(it)
    await it.call('AssociateAddress', { ...name, InstanceId: await running(it) })
    expect(await it.refusal('ReleaseAddress', name)).toBe(`400 InvalidIPAddress.InUse: Address ${publicIp} is in use.`)
  })
})

describe('effect', () => {
  test.each(['eucalyptus', 'aws'] as const)('in %s it is gone, and the next may have it', async (fidelity) => {
    const it = await freshCloud({ fidelity })
    const { name, publicIp } = await allocate(it)
    expect(await it.call('ReleaseAddress', name)).toMatchObject({ return: 'true' })
    expect(await told(it)).toEqual([])
    expect(await it.refusal('ReleaseAddress', name)).toContain('.NotFound')
    expect(theText(await it.call('AllocateAddress', { Address: publicIp }), 'publicIp')).toBe(publicIp)
  })

  test('in eucalyptus it is taken from its instance', async () => {
    const it = await freshCloud()
    const id = await running(it)
    const { name, publicIp } = await allocate(it)
    await it.call('AssociateAddress', { ...name, InstanceId: id })
    await it.call('ReleaseAddress', name)
    expect(await addressOfInstance(it, id)).not.toBe(publicIp)
    expect(await told(it)).toEqual([])
  })

  test('an administrator may release those of others', async () => {
    const it = await freshCloud()
    const user = await it.account('someone')
    const { name } = await allocate(it, user)
    await it.call('ReleaseAddress', name)
    expect(await told(it, user)).toEqual([])
  })
})
