import { text } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** An address of an account, with the words by which operations name it. */
export interface Allocated {
  readonly publicIp: string
  readonly name: { readonly PublicIp: string } | { readonly AllocationId: string }
}

/** Takes an address, which is given back after the case: from its instance first. */
export async function allocate(tools: Tools, { ec2 }: Clients = tools.administrator): Promise<Allocated> {
  const answer = await ec2.call('AllocateAddress')
  const publicIp = text(answer, 'publicIp') ?? ''
  const AllocationId = text(answer, 'allocationId')
  const name = AllocationId === undefined ? { PublicIp: publicIp } : { AllocationId }
  tools.later(`address ${publicIp}`, async () => {
    await ec2.call('DisassociateAddress', { PublicIp: publicIp })
    await ec2.call('ReleaseAddress', name)
  })
  return { publicIp, name }
}
