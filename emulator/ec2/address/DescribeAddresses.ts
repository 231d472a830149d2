import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { tagsOf } from '../tag/tags.ts'
import { addressFilters, addressView, poolView } from './address-view.ts'

/**
 * The caller's elastic addresses. A name that is none is passed over in Eucalyptus and a fault in AWS. The pseudo address
 * `verbose` shows Eucalyptus' administrators the whole pool.
 */
export default operation('DescribeAddresses', {
  input: { PublicIp: list(text), AllocationId: list(text), Filter: filters },
  async run(cloud, { PublicIp, AllocationId, Filter }, { caller }) {
    const aws = cloud.settings.fidelity === 'aws'
    if (!aws && caller.administrator && PublicIp.includes('verbose')) return { addressesSet: poolView(cloud) }
    const mine = cloud.addresses.list().filter(({ ownerId }) => ownerId === caller.accountId)
    const unknown = PublicIp.find((address) => !mine.some(({ publicIp }) => publicIp === address))
    if (aws && unknown !== undefined) throw fault('addressNotFound', unknown)
    const unknownId = AllocationId.find((asked) => !mine.some(({ id }) => id === asked))
    if (aws && unknownId !== undefined) throw fault('allocationNotFound', unknownId)
    const named = mine.filter(
      ({ id, publicIp }) =>
        (!PublicIp.length || PublicIp.includes(publicIp)) &&
        (!AllocationId.length || (aws && AllocationId.includes(id))),
    )
    const tags = tagsOf(cloud, caller)
    const shown = named.filter(filtering(addressFilters(cloud), Filter, tags))
    return { addressesSet: shown.map((address) => addressView(cloud, address, tags)) }
  },
})
