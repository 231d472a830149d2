import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { type InstanceRecord, isLive } from '../instance/instance.ts'

/** A public address that an account keeps until it releases it: an elastic one. */
export interface AddressRecord {
  /** The allocation id. Answers show it in AWS only: without a VPC an address is its own name. */
  readonly id: string
  readonly ownerId: string
  readonly publicIp: string
  /** The instance that has it. */
  readonly association?: { readonly id: string; readonly instanceId: string }
}

/** How a request names an address. */
export interface AddressName {
  readonly PublicIp?: string | undefined
  readonly AllocationId?: string | undefined
}

/** Throws the fault when no public address is free within a change. */
export function demandFreeAddress(cloud: Cloud, draft: Draft): void {
  if (freeAddresses(cloud, draft) < 1) throw fault('addressesExhausted')
}

/** How many public addresses neither an account nor an instance has, within a change. */
export function freeAddresses(cloud: Cloud, draft: Draft): number {
  const elastic = cloud.addresses.in(draft).list().length
  const dynamic = cloud.instances
    .in(draft)
    .list()
    .filter((instance) => isLive(instance) && !addressOf(cloud, draft, instance.id)).length
  return cloud.network.publicPool().length - elastic - dynamic
}

/** The elastic address of an instance, within a change. */
export const addressOf = (cloud: Cloud, draft: Draft, instanceId: string): AddressRecord | undefined =>
  cloud.addresses
    .in(draft)
    .list()
    .find(({ association }) => association?.instanceId === instanceId)

/**
 * The caller's address that a request names, within a change; an administrator's may be any account's. Throws the faults
 * for a name that is none and for an address of others.
 */
export function findAddress(
  cloud: Cloud,
  draft: Draft,
  { PublicIp, AllocationId }: AddressName,
  caller: Caller,
): AddressRecord {
  if (PublicIp === undefined && AllocationId === undefined) throw fault('addressUnnamed')
  const aws = cloud.settings.fidelity === 'aws'
  if (aws && PublicIp !== undefined && AllocationId !== undefined) throw fault('addressNamedTwice')
  const addresses = cloud.addresses.in(draft)
  const found =
    PublicIp !== undefined
      ? addresses.list().find(({ publicIp }) => publicIp === PublicIp)
      : aws && addresses.get(AllocationId?.toLowerCase() ?? '')
  if (!found)
    throw PublicIp !== undefined ? fault('addressNotFound', PublicIp) : fault('allocationNotFound', AllocationId ?? '')
  if (found.ownerId !== caller.accountId && !caller.administrator) {
    // An id must not tell whose it is, and which address.
    throw PublicIp !== undefined ? fault('addressDenied', PublicIp) : fault('allocationNotFound', AllocationId ?? '')
  }
  return found
}

/** Gives an instance an elastic address within a change; the dynamic one that it had is free, an elastic one its owner's. */
export function associate(cloud: Cloud, draft: Draft, address: AddressRecord, instance: InstanceRecord): AddressRecord {
  const [addresses, instances] = [cloud.addresses.in(draft), cloud.instances.in(draft)]
  disassociate(cloud, draft, address)
  const before = addressOf(cloud, draft, instance.id)
  if (before) addresses.put(withoutAssociation(before))
  const associated = {
    ...withoutAssociation(address),
    association: { id: cloud.ids.resource('eipassoc'), instanceId: instance.id },
  }
  addresses.put(associated)
  cloud.network.giveBack(instance.id)
  instances.put({ ...instance, network: { ...instance.network, publicAddress: address.publicIp } })
  return associated
}

/** Takes an elastic address from its instance, if it has one, within a change; the instance has a dynamic one then. */
export function disassociate(cloud: Cloud, draft: Draft, address: AddressRecord): void {
  const { association } = address
  if (!association) return
  const instances = cloud.instances.in(draft)
  const instance = instances.get(association.instanceId)
  if (instance && isLive(instance)) {
    demandFreeAddress(cloud, draft)
    const publicAddress = cloud.network.takeAddress(instance.id)
    instances.put({ ...instance, network: { ...instance.network, publicAddress } })
  }
  cloud.addresses.in(draft).put(withoutAssociation(address))
}

const withoutAssociation = ({ association: _, ...address }: AddressRecord): AddressRecord => address

/** Parts an instance that is over from its elastic address, within a change. */
export function dropAssociation(cloud: Cloud, draft: Draft, instanceId: string): void {
  const address = addressOf(cloud, draft, instanceId)
  if (address) cloud.addresses.in(draft).put(withoutAssociation(address))
}

/**
 * What a stop does to an elastic address, within a change: outside a VPC, as in Eucalyptus here, it is parted from the
 * instance; in AWS it stays. It stays as well when there is no dynamic one to have instead.
 */
export function stopAddress(cloud: Cloud, draft: Draft, instanceId: string): void {
  const address = addressOf(cloud, draft, instanceId)
  if (address && cloud.settings.fidelity === 'eucalyptus' && freeAddresses(cloud, draft) > 0)
    disassociate(cloud, draft, address)
}
