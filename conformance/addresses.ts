import { list, text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import { isRefusal } from './marked.ts'
import type { Tools } from './tools.ts'

/** An address of an account, with the words by which operations name it. */
export interface Allocated {
  readonly publicIp: string
  readonly name: { readonly PublicIp: string } | { readonly AllocationId: string }
  /** In a VPC addresses have ids and other rules. AWS has no others, Eucalyptus those of its network mode. */
  readonly domain: 'vpc' | 'standard'
  associate(InstanceId: string): Promise<Xml>
  /** Takes it from its instance. */
  disassociate(): Promise<Xml>
  /** Gives it back before the case ends: then the case does not touch it again, as somebody else may have it. */
  release(): Promise<Xml>
}

/** An address as it is described; undefined when there is no such address. */
export const findAddress = async ({ ec2 }: Pick<Clients, 'ec2'>, publicIp: string): Promise<Xml | undefined> => {
  const Filter = [{ Name: 'public-ip', Value: [publicIp] }]
  return list(await ec2.call('DescribeAddresses', { Filter }), 'addressesSet')[0]
}

/** Takes an address, which is given back after the case: from its instance first. */
export async function allocate(tools: Tools, clients: Pick<Clients, 'ec2'> = tools.administrator): Promise<Allocated> {
  const { ec2 } = clients
  const answer = await ec2.call('AllocateAddress')
  const publicIp = text(answer, 'publicIp') ?? ''
  const AllocationId = text(answer, 'allocationId')
  const name = AllocationId === undefined ? { PublicIp: publicIp } : { AllocationId }
  let isOurs = true
  tools.later(`address ${publicIp}`, async () => {
    if (!isOurs) return
    const shown = await findAddress(clients, publicIp)
    const AssociationId = text(shown, 'associationId')
    if (AssociationId) await ec2.call('DisassociateAddress', { AssociationId })
    else if (text(shown, 'instanceId')) await ec2.call('DisassociateAddress', { PublicIp: publicIp })
    await ec2.call('ReleaseAddress', name)
  })
  const disassociate = async () => {
    if (AllocationId === undefined) return ec2.call('DisassociateAddress', { PublicIp: publicIp })
    const AssociationId = text(await findAddress(clients, publicIp), 'associationId')
    return ec2.call('DisassociateAddress', { AssociationId })
  }
  const release = async () => {
    isOurs = false
    try {
      return await ec2.call('ReleaseAddress', name)
    } catch (error) {
      isOurs = isRefusal(error)
      throw error
    }
  }
  return {
    ...{ publicIp, name, domain: AllocationId === undefined ? 'standard' : 'vpc', disassociate, release },
    associate: (InstanceId) => ec2.call('AssociateAddress', { ...name, InstanceId }),
  }
}
