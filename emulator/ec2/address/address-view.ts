import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import type { FilterTable } from '../filters.ts'
import { isLive } from '../instance/instance.ts'
import type { TagsOf } from '../tag/tags.ts'
import type { AddressRecord } from './address.ts'

/** Where the addresses of a cloud are for: there is no VPC in Eucalyptus here, and nothing else in AWS. */
export const domainOf = ({ settings }: Cloud): 'standard' | 'vpc' => (settings.fidelity === 'aws' ? 'vpc' : 'standard')

/** An id that only a VPC has. */
const ofVpc = <Id>(cloud: Cloud, id: Id) => (domainOf(cloud) === 'vpc' ? id : undefined)

/** An address as AllocateAddress answers. */
export const allocationView = (cloud: Cloud, { id, publicIp }: AddressRecord): { [name: string]: Answer } => ({
  publicIp,
  domain: domainOf(cloud),
  allocationId: ofVpc(cloud, id),
})

const privateAddress = (cloud: Cloud, { association }: AddressRecord) =>
  association && cloud.instances.get(association.instanceId)?.network.address

/** An address as DescribeAddresses shows it. */
export const addressView = (cloud: Cloud, address: AddressRecord, tags: TagsOf): { [name: string]: Answer } => ({
  ...allocationView(cloud, address),
  instanceId: address.association?.instanceId,
  associationId: ofVpc(cloud, address.association?.id),
  privateIpAddress: privateAddress(cloud, address),
  tagSet: tags(address),
})

/** The filters of DescribeAddresses (AddressIFilterSupport). There are no network interfaces that could be named. */
export const addressFilters = (cloud: Cloud): FilterTable<AddressRecord> => ({
  'allocation-id': ({ id }) => [ofVpc(cloud, id)],
  'association-id': ({ association }) => [ofVpc(cloud, association?.id)],
  domain: () => [domainOf(cloud)],
  'instance-id': ({ association }) => [association?.instanceId],
  'network-interface-id': () => [],
  'network-interface-owner-id': () => [],
  'private-ip-address': (address) => [privateAddress(cloud, address)],
  'public-ip': ({ publicIp }) => [publicIp],
})

/**
 * The whole pool, as Eucalyptus shows it to its administrators: behind the instance of each address its owner, and
 * `nobody` at those that are free.
 */
export function poolView(cloud: Cloud): { [name: string]: Answer }[] {
  const elastic = cloud.addresses.list()
  const held = new Map<string, string>([
    ...cloud.instances
      .list()
      .filter(isLive)
      .map(({ id, network }) => [network.publicAddress, `${id} (eucalyptus)`] as const),
    ...elastic.map(
      ({ publicIp, ownerId, association }) => [publicIp, `${association?.instanceId ?? ''} (${ownerId})`] as const,
    ),
  ])
  const view = (publicIp: string) => ({
    publicIp,
    domain: domainOf(cloud),
    instanceId: held.get(publicIp) ?? 'nobody',
    tagSet: [],
  })
  const pool = cloud.network.publicPool()
  return [...pool.filter((address) => held.has(address)), ...pool.filter((address) => !held.has(address))].map(view)
}
