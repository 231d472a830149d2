import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { disassociate, findAddress } from './address.ts'

/**
 * Gives an address back to the pool. Outside a VPC it is taken from its instance first; in AWS one that is associated
 * cannot be released.
 */
export default operation('ReleaseAddress', {
  input: { PublicIp: optional(text), AllocationId: optional(text) },
  async run(cloud, request, { caller }) {
    await cloud.store.change((draft) => {
      const address = findAddress(cloud, draft, request, caller)
      if (address.association && cloud.settings.fidelity === 'aws') throw fault('addressInUse', address.publicIp)
      disassociate(cloud, draft, address)
      cloud.addresses.in(draft).remove(address.id)
      cloud.network.giveBack(address.id)
    })
    cloud.network.addressesMoved()
    return { return: true }
  },
})
