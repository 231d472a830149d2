import { afterAll, describe, expect, test, vi } from 'vitest'
import { bothClouds, freshCloud, theText } from '../../cloud.harness.ts'
import { permission } from '../group/group.harness.ts'
import { addressOfInstance, allocate, associate, running, told } from './address.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

describe('refusals', () => {
  test.each<[string, Record<string, string>, string, string]>([
    ['nothing named', {}, '400 MissingParameter: ', '400 MissingParameter: '],
    ['an address that is none', { PublicIp: '127.8.0.1' }, 'InvalidAddressID.NotFound', 'InvalidAddress.NotFound'],
    [
      'an association that is none',
      { AssociationId: 'eipassoc-12345678' },
      '400 InvalidAssociationID.NotFound: Association identifier (eipassoc-12345678) not found.',
      "400 InvalidAssociationID.NotFound: The association ID 'eipassoc-12345678' does not exist",
    ],
  ])('%s', async (_title, parameters, eucalyptus, aws) => {
    expect(await clouds.eucalyptus.refusal('DisassociateAddress', parameters)).toContain(eucalyptus)
    expect(await clouds.aws.refusal('DisassociateAddress', parameters)).toContain(aws)
  })

  test("another account's association", async () => {
    const it = clouds.aws
    const { name } = await allocate(it)
    const answer = await it.call('AssociateAddress', { ...name, InstanceId: await running(it) })
    const AssociationId = theText(answer, 'associationId')
    const user = await it.account('stranger')
    expect(await it.refusal('DisassociateAddress', { AssociationId }, user)).toContain(
      '400 InvalidAssociationID.NotFound',
    )
    expect(await it.call('DisassociateAddress', { AssociationId })).toMatchObject({ return: 'true' })
  })
})

test('in AWS the address of an instance is named by its association', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const { publicIp, name } = await allocate(it)
  const id = await running(it)
  await it.call('AssociateAddress', { ...name, InstanceId: id })
  expect(await it.refusal('DisassociateAddress', { PublicIp: publicIp })).toContain('400 InvalidParameterValue: ')
  expect(await told(it)).toEqual([`${publicIp} ${id}`])
})

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  test('the instance has a dynamic address again and is reached there', async () => {
    const it = await freshCloud({ fidelity })
    await it.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', ...permission() })
    const id = await running(it)
    const allocated = await allocate(it)
    const { publicIp } = allocated
    await it.call('DisassociateAddress', await associate(it, allocated, id))
    expect(await told(it)).toEqual([`${publicIp} -`])
    const address = await addressOfInstance(it, id)
    expect(address).not.toBe(publicIp)
    const reached = () => it.cloud.network.listening().map((one) => one.address)
    await vi.waitFor(() => expect(reached()).toEqual([address]))
  })

  test('of an address that no instance has nothing happens', async () => {
    const it = await freshCloud({ fidelity })
    const { publicIp } = await allocate(it)
    expect(await it.call('DisassociateAddress', { PublicIp: publicIp })).toMatchObject({ return: 'true' })
    expect(await told(it)).toEqual([`${publicIp} -`])
  })

  test('at the same time as others leaves one address to each', async () => {
    const it = await freshCloud({ fidelity })
    const ids = [await running(it), await running(it), await running(it)]
    const { publicIp, name } = await allocate(it)
    await Promise.all(
      ids.flatMap((InstanceId) => [
        it.call('AssociateAddress', { ...name, InstanceId }),
        // Refused in AWS while it is associated.
        it.call('DisassociateAddress', { PublicIp: publicIp }).catch(() => undefined),
        it.call('AssociateAddress', { ...name, InstanceId }),
      ]),
    )
    const addresses = ids.map((id) => it.cloud.instances.get(id)?.network.publicAddress)
    expect(new Set(addresses).size).toBe(3)
    expect(addresses[2]).toBe(publicIp)
    expect(await told(it)).toEqual([`${publicIp} ${ids[2]}`])
  })
})
