import { describe, expect, test } from 'vitest'
import { freshCloud, items, type TestCloud, theText } from '../../cloud.harness.ts'
import { allocate, running, told } from './address.harness.ts'

const shown = async (it: TestCloud, parameters: Record<string, string>, as = it.administrator) =>
  items(await it.call('DescribeAddresses', parameters, as), 'addressesSet').map((one) => theText(one, 'publicIp'))

async function two(it: TestCloud) {
  const [free, used] = [await allocate(it), await allocate(it)]
  const id = await running(it)
  await it.call('AssociateAddress', { ...used.name, InstanceId: id })
  return { free, used, id, privateAddress: it.cloud.instances.get(id)?.network.address ?? '' }
}

describe('refusals', () => {
  test('a name that is none: passed over in eucalyptus, a fault in aws', async () => {
    const [eucalyptus, aws] = [await freshCloud(), await freshCloud({ fidelity: 'aws' })]
    expect(await shown(eucalyptus, { 'PublicIp.1': '127.8.0.1' })).toEqual([])
    expect(await shown(eucalyptus, { 'AllocationId.1': 'eipalloc-12345678' })).toEqual([])
    expect(await aws.refusal('DescribeAddresses', { 'PublicIp.1': '127.8.0.1' })).toContain('InvalidAddress.NotFound')
    expect(await aws.refusal('DescribeAddresses', { 'AllocationId.1': 'eipalloc-12345678' })).toContain(
      'InvalidAllocationID.NotFound',
    )
    expect(await aws.refusal('DescribeAddresses', { 'PublicIp.1': 'verbose' })).toContain('InvalidAddress.NotFound')
  })

  test('an unknown filter', async () => {
    const it = await freshCloud()
    await allocate(it)
    const parameters = { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'red' }
    expect(await it.refusal('DescribeAddresses', parameters)).toContain("The filter 'colour' is invalid.")
  })
})

describe('answers', () => {
  test('what is known of each', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const { free, used, id, privateAddress } = await two(it)
    expect(items(await it.call('DescribeAddresses'), 'addressesSet')).toEqual([
      { publicIp: free.publicIp, domain: 'vpc', allocationId: free.name['AllocationId'], tagSet: '' },
      {
        publicIp: used.publicIp,
        domain: 'vpc',
        allocationId: used.name['AllocationId'],
        instanceId: id,
        associationId: expect.stringMatching(/^eipassoc-/),
        privateIpAddress: privateAddress,
        tagSet: '',
      },
    ])
    const eucalyptus = await freshCloud()
    const other = await two(eucalyptus)
    expect(items(await eucalyptus.call('DescribeAddresses'), 'addressesSet')).toEqual([
      { publicIp: other.free.publicIp, domain: 'standard', tagSet: '' },
      {
        publicIp: other.used.publicIp,
        domain: 'standard',
        instanceId: other.id,
        privateIpAddress: other.privateAddress,
        tagSet: '',
      },
    ])
  })

  test('by name and by filter', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const { free, used, id, privateAddress } = await two(it)
    expect(await shown(it, { 'PublicIp.1': used.publicIp })).toEqual([used.publicIp])
    expect(await shown(it, { 'AllocationId.1': free.name['AllocationId'] ?? '' })).toEqual([free.publicIp])
    for (const [name, value, expected] of [
      ['allocation-id', free.name['AllocationId'] ?? '', [free.publicIp]],
      ['association-id', 'eipassoc-*', [used.publicIp]],
      ['domain', 'vpc', [free.publicIp, used.publicIp]],
      ['instance-id', id, [used.publicIp]],
      ['private-ip-address', privateAddress, [used.publicIp]],
      ['public-ip', used.publicIp, [used.publicIp]],
      ['network-interface-id', '*', []],
      ['network-interface-owner-id', '*', []],
      ['tag-key', '*', []],
      ['tag-value', '*', []],
    ] as const) {
      expect(await shown(it, { 'Filter.1.Name': name, 'Filter.1.Value.1': value }), name).toEqual(expected)
    }
  })

  test('an account sees its own', async () => {
    const it = await freshCloud()
    const user = await it.account('someone')
    const { publicIp } = await allocate(it, user)
    expect(await told(it)).toEqual([])
    expect(await told(it, user)).toEqual([`${publicIp} -`])
    expect(await shown(it, { 'PublicIp.1': 'verbose' }, user)).toEqual([])
  })

  test('verbose: an administrator of eucalyptus sees the pool, what is in use first', async () => {
    const it = await freshCloud()
    const user = await it.account('someone')
    const { publicIp } = await allocate(it, user)
    const id = await running(it)
    const pool = items(await it.call('DescribeAddresses', { 'PublicIp.1': 'verbose' }), 'addressesSet')
    expect(pool).toHaveLength(253)
    expect(pool.slice(0, 3).map((one) => [theText(one, 'publicIp'), theText(one, 'instanceId')])).toEqual([
      [publicIp, ` (${user.accountId})`],
      [it.cloud.instances.get(id)?.network.publicAddress, `${id} (eucalyptus)`],
      [it.cloud.network.publicPool()[2], 'nobody'],
    ])
  })
})
