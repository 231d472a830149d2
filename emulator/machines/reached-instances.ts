import type { Cloud } from '../cloud.ts'
import { openPorts } from '../ec2/group/allows.ts'
import type { InstanceRecord } from '../ec2/instance/instance.ts'
import type { PublicAddresses } from '../network/public-addresses.ts'

/** Which instance is reached where: the public addresses that are listened on follow the records. */
export interface ReachedInstances {
  /** Listens for an instance on its public address, on the ports that its groups open. */
  publish(instance: InstanceRecord): void
  /** Stops listening for an instance. */
  withdraw(id: string): Promise<void>
  /** Instances have other public addresses, or groups, than before. */
  follow(): void
}

/** Begins with no instance; `cloud` is read when something is asked. */
export function reachedInstances(
  cloud: () => Cloud,
  addresses: PublicAddresses,
  publicPorts: readonly number[],
): ReachedInstances {
  // Where each instance is reached now, which may not be yet what its record says.
  const places = new Map<string, string>()
  const publish = ({ id, groupIds, network: { publicAddress } }: InstanceRecord) => {
    places.set(id, publicAddress)
    const groups = groupIds.flatMap((groupId) => cloud().groups.get(groupId) ?? [])
    addresses
      .publish(id, publicAddress, openPorts(groups, publicPorts))
      .catch((error) => console.error(`${publicAddress} of ${id} is not reached:`, error))
  }
  const withdraw = async (id: string) => {
    const address = places.get(id)
    places.delete(id)
    // By now another instance may be reached there.
    if (address !== undefined && ![...places.values()].includes(address)) await addresses.withdraw(address)
  }
  return {
    publish,
    withdraw,
    follow() {
      const reached = cloud()
        .instances.list()
        .filter(({ id }) => places.has(id))
      const moved = reached.filter(({ id, network }) => places.get(id) !== network.publicAddress)
      // First all are gone from where they were: the address of one may be that of another now.
      for (const { id } of moved) withdraw(id).catch((error) => console.error(`the old address of ${id}:`, error))
      for (const instance of reached) publish(instance)
    },
  }
}
