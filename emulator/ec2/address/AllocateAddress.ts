import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { putTags } from '../tag/put-tags.ts'
import { specifiedTags, tagSpecifications } from '../tag/tag-specification.ts'
import { type AddressRecord, demandFreeAddress } from './address.ts'
import { allocationView, domainOf } from './address-view.ts'

/** Gives the caller an address of the pool of public addresses, or the one that is asked for. */
export default operation('AllocateAddress', {
  input: { Domain: optional(text), Address: optional(text), TagSpecification: tagSpecifications },
  async run(cloud, { Domain, Address, TagSpecification }, { caller }) {
    const domain = domainOf(cloud)
    if (Domain !== undefined && Domain !== domain) throw fault('invalidParameterValue', Domain, 'Domain')
    const tags = specifiedTags(cloud, TagSpecification, ['elastic-ip'])['elastic-ip']
    const allocated = await cloud.store.change((draft) => {
      demandFreeAddress(cloud, draft)
      const id = cloud.ids.resource('eipalloc')
      const publicIp = cloud.network.takeAddress(id, Address)
      if (Address !== undefined && publicIp !== Address) {
        cloud.network.giveBack(id)
        throw fault('addressUnavailable')
      }
      const address: AddressRecord = { id, ownerId: caller.accountId, publicIp }
      cloud.addresses.in(draft).put(address)
      putTags(cloud, draft, caller, { id, type: 'elastic-ip' }, tags)
      return address
    })
    return allocationView(cloud, allocated)
  },
})
