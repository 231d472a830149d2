import DisassociateAddress from '../ec2/address/DisassociateAddress.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'disassociation-leaves-no-address',
    'An instance whose elastic address is taken has none from then on, as where a dynamic one is given at the launch only.',
  ],
  DisassociateAddress,
  (run) => async (cloud, input, call) => {
    const held = cloud.addresses.list().flatMap(({ association }) => association?.instanceId ?? [])
    const answer = await run(cloud, input, call)
    await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const still = cloud.addresses.in(draft).list()
      for (const id of held) {
        const instance = instances.get(id)
        if (!instance || still.some(({ association }) => association?.instanceId === id)) continue
        instances.put({ ...instance, network: { ...instance.network, publicAddress: '0.0.0.0' } })
      }
    })
    return answer
  },
)
