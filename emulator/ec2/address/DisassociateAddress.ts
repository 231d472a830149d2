import type { Caller } from '../../../src/protocol/operation.ts'
import { optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { type AddressRecord, disassociate, findAddress } from './address.ts'

/** The address of an association of AWS. */
function associated(cloud: Cloud, draft: Draft, associationId: string, caller: Caller): AddressRecord {
  const address = cloud.addresses
    .in(draft)
    .list()
    .find(({ association }) => association?.id === associationId.toLowerCase())
  const isTheirs = address && (address.ownerId === caller.accountId || caller.administrator)
  if (!isTheirs || cloud.settings.fidelity !== 'aws') throw fault('associationNotFound', associationId)
  return address
}

/**
 * Takes an elastic address from its instance, which has a dynamic one again; of an address that no instance has, nothing. In a
 * VPC, as AWS has no other, it is the association that is named.
 */
export default operation('DisassociateAddress', {
  input: { PublicIp: optional(text), AssociationId: optional(text) },
  async run(cloud, { PublicIp, AssociationId }, { caller }) {
    await cloud.store.change((draft) => {
      const byAssociation = PublicIp === undefined && AssociationId !== undefined
      const address = byAssociation
        ? associated(cloud, draft, AssociationId, caller)
        : findAddress(cloud, draft, { PublicIp }, caller)
      if (!byAssociation && address.association && cloud.settings.fidelity === 'aws') throw fault('addressOfVpc')
      disassociate(cloud, draft, address)
    })
    cloud.network.addressesMoved()
    return { return: true }
  },
})
