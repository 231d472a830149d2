import { describe, expect, test } from 'vitest'
import { freshCloud, theText } from '../../cloud.harness.ts'
import { allocate, associate, running, told } from './address.harness.ts'

describe('refusals', () => {
  test.each([
    ['eucalyptus', 'vpc'],
    ['aws', 'standard'],
  ] as const)('in %s the domain %s', async (fidelity, Domain) => {
    const it = await freshCloud({ fidelity })
    expect(await it.refusal('AllocateAddress', { Domain })).toBe(
      `400 InvalidParameterValue: Value (${Domain}) for parameter Domain is invalid.`,
    )
  })

  test('an address that is in use, or of another network', async () => {
    const it = await freshCloud()
    const id = await running(it)
    const taken = it.cloud.instances.get(id)!.network.publicAddress
    for (const Address of [taken, '192.0.2.1', taken.replace(/\d+$/, '1')]) {
      expect(await it.refusal('AllocateAddress', { Address })).toBe(
        '400 InvalidAddressID.NotFound: The requested IP address does not exist or is unavailable',
      )
    }
    expect(await told(it)).toEqual([])
  })

  test.each([
    ['eucalyptus', "500 InternalFailure: couldn't allocate addresses"],
    ['aws', '500 InsufficientAddressCapacity: There are not enough free public addresses to satisfy the request.'],
  ] as const)('in %s more than there are', async (fidelity, expected) => {
    const it = await freshCloud({ fidelity })
    const id = await running(it)
    const [first] = await Promise.all(
      it.cloud.network
        .publicPool()
        .slice(1)
        .map(() => allocate(it)),
    )
    expect(await it.refusal('AllocateAddress')).toBe(expected)
    const launch = { ImageId: await it.register(), MinCount: '1', MaxCount: '1' }
    expect(await it.refusal('RunInstances', launch)).toMatch(/ServiceUnavailable|InsufficientInstanceCapacity/)
    // An instance that would need another address instead keeps the one that it has.
    const association = await associate(it, first!, id)
    const last = await allocate(it)
    expect(await it.refusal('DisassociateAddress', association)).toBe(expected)
    await it.call('ReleaseAddress', last.name)
    await it.call('DisassociateAddress', association)
    expect(it.cloud.instances.get(id)?.network.publicAddress).toBe(last.publicIp)
  })
})

describe('effect', () => {
  test('an address of the pool; the allocation has an id in aws', async () => {
    const eucalyptus = await freshCloud()
    const answer = await eucalyptus.call('AllocateAddress', { Domain: 'standard' })
    expect(answer).toEqual({
      requestId: 'the-request',
      publicIp: expect.stringMatching(/^127\.8\.\d+\.\d+$/),
      domain: 'standard',
    })
    const aws = await freshCloud({ fidelity: 'aws' })
    expect(await aws.call('AllocateAddress')).toMatchObject({
      domain: 'vpc',
      allocationId: expect.stringMatching(/^eipalloc-[0-9a-f]{17}$/),
    })
  })

  test('the one that is asked for, which no instance has then', async () => {
    const it = await freshCloud()
    const Address = it.cloud.network.publicPool()[7] ?? ''
    expect(theText(await it.call('AllocateAddress', { Address }), 'publicIp')).toBe(Address)
    const others = await Promise.all(Array.from({ length: 10 }, () => allocate(it)))
    expect(others.map(({ publicIp }) => publicIp)).not.toContain(Address)
    expect(new Set(others.map(({ publicIp }) => publicIp)).size).toBe(10)
  })

  test('it stays over a restart, and nobody else gets it', async () => {
    const before = await freshCloud()
    const { publicIp } = await allocate(before)
    const it = await before.restart('orderly')
    expect(await told(it)).toEqual([`${publicIp} -`])
    const id = await running(it)
    expect(it.cloud.instances.get(id)?.network.publicAddress).not.toBe(publicIp)
  })
  test('it is another, with its instance, when the network of addresses is another', async () => {
    const before = await freshCloud()
    const id = await running(before)
    const { publicIp, name } = await allocate(before)
    await before.call('AssociateAddress', { ...name, InstanceId: id })
    // What a crash left behind is brought up from another folder, which has a network of its own: one of 256.
    let it = await before.restart('crash')
    while (it.cloud.network.publicPool().includes(publicIp)) it = await it.restart('crash')
    await it.idle()
    const [address = ''] = (await told(it)).map((line) => line.replace(` ${id}`, ''))
    expect(address).not.toBe(publicIp)
    expect(it.cloud.network.publicPool()).toContain(address)
    expect(it.cloud.instances.get(id)?.network.publicAddress).toBe(address)
  })
})
