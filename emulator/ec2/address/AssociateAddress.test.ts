import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, type TestCloud, theText } from '../../cloud.harness.ts'
import { permission } from '../group/group.harness.ts'
import { registerEbs } from '../volume/volume.harness.ts'
import { addressOfInstance, allocate, running, told } from './address.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

const fidelities = ['eucalyptus', 'aws'] as const
const listening = (it: TestCloud, address: string) => it.cloud.network.listening(address).map(({ port }) => port)
const openSsh = (it: TestCloud) =>
  it.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', ...permission({ FromPort: '22', ToPort: '22' }) })
const dynamicOf = (it: TestCloud, id: string) => it.cloud.instances.get(id)?.network.publicAddress ?? ''

describe('refusals', () => {
  test.each<[string, Record<string, string>, string, string]>([
    [
      'without an address',
      { InstanceId: 'i-12345678' },
      '400 MissingParameter: PublicIp or AllocationId required',
      '400 MissingParameter: Either public IP or allocation id must be specified',
    ],
    [
      'an address that is none',
      { PublicIp: '127.8.0.1', InstanceId: 'i-12345678' },
      '400 InvalidAddressID.NotFound: Address (127.8.0.1) not found',
      "400 InvalidAddress.NotFound: Address '127.8.0.1' not found.",
    ],
    [
      'an allocation that is none',
      { AllocationId: 'eipalloc-12345678', InstanceId: 'i-12345678' },
      '400 InvalidAddressID.NotFound: Address not found for allocation (eipalloc-12345678)',
      "400 InvalidAllocationID.NotFound: The allocation ID 'eipalloc-12345678' does not exist",
    ],
  ])('%s', async (_title, parameters, eucalyptus, aws) => {
    expect(await clouds.eucalyptus.refusal('AssociateAddress', parameters)).toBe(eucalyptus)
    expect(await clouds.aws.refusal('AssociateAddress', parameters)).toBe(aws)
  })

  test('an instance that is none', async () => {
    const expected = {
      eucalyptus: [
        '400 InvalidParameterCombination: InstanceId must be specified when using PublicIp',
        "400 InvalidParameterValue: Value (x) for parameter instanceId is invalid. Expected: 'i-...'.",
        "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
      ],
      aws: [
        '400 MissingParameter: Either instance ID or network interface id must be specified',
        '400 InvalidInstanceID.Malformed: Invalid id: "x"',
        "400 InvalidInstanceID.NotFound: The instance ID 'i-12345678' does not exist",
      ],
    }
    for (const fidelity of fidelities) {
      const { name } = await allocate(clouds[fidelity])
      const refusals: string[] = []
      for (const parameters of [{}, { InstanceId: 'x' }, { InstanceId: 'i-12345678' }]) {
        refusals.push(await clouds[fidelity].refusal('AssociateAddress', { ...name, ...parameters }))
      }
      expect(refusals).toEqual(expected[fidelity])
    }
  })

  test("another account's address", async () => {
    const expected = {
      eucalyptus: '500 InternalFailure: Cannot associate an address which is not allocated to your account: ',
      aws: '400 InvalidAllocationID.NotFound: ',
    }
    for (const fidelity of fidelities) {
      const it = clouds[fidelity]
      const user = await it.account('address-user')
      const id = await running(it, {}, user)
      const { name } = await allocate(it)
      expect(await it.refusal('AssociateAddress', { ...name, InstanceId: id }, user)).toContain(expected[fidelity])
    }
  })

  test('an instance in another state, which is another in each', async () => {
    const pending = await freshCloud({ fidelity: 'aws' })
    const refused = { ...(await allocate(pending)).name, InstanceId: await pending.run() }
    expect(await pending.refusal('AssociateAddress', refused)).toContain('400 InvalidInstanceID: ')
    const it = await freshCloud()
    const id = await running(it, { ImageId: await registerEbs(it) })
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await it.refusal('AssociateAddress', { ...(await allocate(it)).name, InstanceId: id })).toBe(
      `400 InvalidInstanceID: The instance '${id}' is not in a valid state for this operation.`,
    )
  })

  test('by both names, and of an associated one when it must not be, in aws', async () => {
    const it = clouds.aws
    const { name, publicIp } = await allocate(it)
    const [first, second] = [await running(it), await running(it)]
    expect(await it.refusal('AssociateAddress', { ...name, PublicIp: publicIp, InstanceId: first })).toContain(
      'InvalidParameterCombination',
    )
    await it.call('AssociateAddress', { ...name, InstanceId: first })
    expect(
      await it.refusal('AssociateAddress', { ...name, InstanceId: second, AllowReassociation: 'false' }),
    ).toContain('400 Resource.AlreadyAssociated: resource eipalloc-')
  })
})

describe.each(fidelities)('in %s', (fidelity) => {
  test('the instance is reached there at once, and no longer where it was', async () => {
    const it = await freshCloud({ fidelity })
    const id = await running(it)
    await openSsh(it)
    const dynamic = dynamicOf(it, id)
    await vi.waitFor(() => expect(listening(it, dynamic)).toEqual([22]))
    const { publicIp, name } = await allocate(it)
    const answer = await it.call('AssociateAddress', { ...name, InstanceId: id })
    expect(answer).toMatchObject({ return: 'true' })
    await vi.waitFor(() => expect([listening(it, dynamic), listening(it, publicIp)]).toEqual([[], [22]]))
    expect(await addressOfInstance(it, id)).toBe(publicIp)
    expect(await told(it)).toEqual([`${publicIp} ${id}`])
    // The address that it had is free for another.
    expect(dynamicOf(it, await running(it))).toBe(dynamic)
  })

  test('twice is once', async () => {
    const it = await freshCloud({ fidelity })
    const asked = { ...(await allocate(it)).name, InstanceId: await running(it) }
    const first = await it.call('AssociateAddress', asked)
    expect(await it.call('AssociateAddress', asked)).toEqual(first)
    if (fidelity === 'aws') expect(theText(first, 'associationId')).toMatch(/^eipassoc-[0-9a-f]{17}$/)
    else expect(first).not.toHaveProperty('associationId')
  })

  test('moves from one instance to another, which are both reached', async () => {
    const it = await freshCloud({ fidelity })
    await openSsh(it)
    const [one, other] = [await running(it), await running(it)]
    const { publicIp, name } = await allocate(it)
    for (const [to, from] of [
      [one, other],
      [other, one],
      [one, other],
    ] as const) {
      await it.call('AssociateAddress', { ...name, InstanceId: to })
      expect(await told(it)).toEqual([`${publicIp} ${to}`])
      expect(dynamicOf(it, to)).toBe(publicIp)
      expect(dynamicOf(it, from)).not.toBe(publicIp)
      await vi.waitFor(() => {
        expect([listening(it, publicIp), listening(it, dynamicOf(it, from))]).toEqual([[22], [22]])
        expect(it.cloud.network.listening()).toHaveLength(2)
      })
    }
  })

  test('takes the place of another elastic one, which stays its owner’s', async () => {
    const it = await freshCloud({ fidelity })
    const id = await running(it)
    const [first, second] = [await allocate(it), await allocate(it)]
    await it.call('AssociateAddress', { ...first.name, InstanceId: id })
    await it.call('AssociateAddress', { ...second.name, InstanceId: id })
    expect(await told(it)).toEqual([`${first.publicIp} -`, `${second.publicIp} ${id}`])
  })

  test('stays over a restart; listeners come back', async () => {
    const before = await freshCloud({ fidelity })
    await openSsh(before)
    const id = await running(before)
    const { publicIp, name } = await allocate(before)
    await before.call('AssociateAddress', { ...name, InstanceId: id })
    const it = await before.restart('orderly')
    await it.idle()
    expect(await told(it)).toEqual([`${publicIp} ${id}`])
    expect(await addressOfInstance(it, id)).toBe(publicIp)
    await vi.waitFor(() => expect(listening(it, publicIp)).toEqual([22]))
  })

  test('is over with the instance, and the address is still allocated', async () => {
    const it = await freshCloud({ fidelity })
    await openSsh(it)
    const id = await running(it)
    const { publicIp, name } = await allocate(it)
    await it.call('AssociateAddress', { ...name, InstanceId: id })
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it)).toEqual([`${publicIp} -`])
    await vi.waitFor(() => expect(it.cloud.network.listening()).toEqual([]))
    const next = await running(it)
    expect(dynamicOf(it, next)).not.toBe(publicIp)
    await it.call('AssociateAddress', { ...name, InstanceId: next })
    await vi.waitFor(() => expect(listening(it, publicIp)).toEqual([22]))
  })

  test('at a stop: parted without a VPC, kept in aws, shown and reached again after the start', async () => {
    const it = await freshCloud({ fidelity })
    await openSsh(it)
    const id = await running(it, { ImageId: await registerEbs(it) })
    const { publicIp, name } = await allocate(it)
    await it.call('AssociateAddress', { ...name, InstanceId: id })
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    const kept = fidelity === 'aws'
    expect(await told(it)).toEqual([`${publicIp} ${kept ? id : '-'}`])
    expect(await addressOfInstance(it, id)).toBe(kept ? publicIp : undefined)
    expect(it.cloud.network.listening()).toEqual([])
    await it.call('StartInstances', { 'InstanceId.1': id })
    await it.idle()
    expect((await addressOfInstance(it, id)) === publicIp).toBe(kept)
    await vi.waitFor(() => expect(listening(it, dynamicOf(it, id))).toEqual([22]))
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it)).toEqual([`${publicIp} -`])
  })
})

test('while the instance starts, in eucalyptus', async () => {
  const it = await freshCloud()
  await openSsh(it)
  const id = await it.run()
  const { publicIp, name } = await allocate(it)
  await it.call('AssociateAddress', { ...name, InstanceId: id })
  await it.idle()
  await vi.waitFor(() => expect(it.cloud.network.listening().map(({ address }) => address)).toEqual([publicIp]))
})
