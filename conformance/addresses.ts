import { text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import { isRefusal } from './marked.ts'
import type { Tools } from './tools.ts'

/** An address of an account, with the words by which operations name it. */
export interface Allocated {
  readonly publicIp: string
  readonly name: { readonly PublicIp: string } | { readonly AllocationId: string }
  /** Gives it back before the case ends: then the case does not touch it again, as somebody else may have it. */
  release(): Promise<Xml>
}

/** Takes an address, which is given back after the case: from its instance first. */
export async function allocate(tools: Tools, { ec2 }: Clients = tools.administrator): Promise<Allocated> {
  const answer = await ec2.call('AllocateAddress')
  const publicIp = text(answer, 'publicIp') ?? ''
  const AllocationId = text(answer, 'allocationId')
  const name = AllocationId === undefined ? { PublicIp: publicIp } : { AllocationId }
  let isOurs = true
  tools.later(`address ${publicIp}`, async () => {
    if (!isOurs) return
    await ec2.call('DisassociateAddress', { PublicIp: publicIp })
    await ec2.call('ReleaseAddress', name)
  })
  const release = async () => {
    isOurs = false
    try {
      return await ec2.call('ReleaseAddress', name)
    } catch (error) {
      isOurs = isRefusal(error)
      throw error
    }
  }
  return { publicIp, name, release }
}
