import type { Fidelity } from '../../src/protocol/faults.ts'
import type { MetadataFacts } from './facts.ts'
import { iamData } from './iam-data.ts'

/** A path below `meta-data`, what it says, and where it says so if not in both. `undefined` leaves the path out. */
type Row = readonly [path: string, read: (facts: MetadataFacts) => string | undefined, only?: Fidelity]

const groupNames = ({ securityGroups }: MetadataFacts) => securityGroups.map(({ name }) => name).sort()
const lines = (values: readonly string[] = []) => (values.length > 0 ? values.join('\n') : undefined)
const publicName = ({ publicHostname, publicAddress }: MetadataFacts) => publicHostname ?? publicAddress

/** eucalyptus-behaviour.md section 6.8 (VmInstanceMetadata); the rows of `aws` are from the EC2 user guide. */
const rows: readonly Row[] = [
  ['ami-id', ({ imageId }) => imageId],
  ['ami-launch-index', ({ launchIndex }) => `${launchIndex}`],
  ['ami-manifest-path', ({ manifestPath }) => manifestPath, 'eucalyptus'],
  ['ami-manifest-path', ({ manifestPath = '(unknown)' }) => manifestPath, 'aws'],
  ['hostname', ({ privateHostname }) => privateHostname],
  ['instance-action', () => 'none', 'aws'],
  ['instance-id', ({ instanceId }) => instanceId],
  ['instance-life-cycle', () => 'on-demand', 'aws'],
  ['instance-type', ({ instanceType }) => instanceType],
  ['kernel-id', ({ kernelId }) => kernelId],
  ['local-hostname', ({ privateHostname }) => privateHostname],
  ['local-ipv4', ({ privateAddress }) => privateAddress],
  ['mac', ({ mac }) => mac.toUpperCase(), 'eucalyptus'],
  ['mac', ({ mac }) => mac, 'aws'],
  ['placement/availability-zone', ({ zone }) => zone],
  ['placement/region', ({ region }) => region, 'aws'],
  ['product-codes', ({ productCodes }) => lines(productCodes)],
  ['profile', ({ virtualization }) => `default-${virtualization}`, 'aws'],
  ['public-hostname', publicName],
  ['public-ipv4', ({ publicAddress }) => publicAddress],
  ['public-keys', ({ key }) => key && `0=${key.name}`],
  ['public-keys/0/openssh-key', ({ key }) => key?.openSsh],
  ['ramdisk-id', ({ ramdiskId }) => ramdiskId],
  ['reservation-id', ({ reservationId }) => reservationId],
  ['security-groups', (facts) => lines(groupNames(facts))],
  ['services/domain', ({ domain }) => domain],
  ['services/partition', () => 'aws', 'aws'],
]

/** Paths below `network/interfaces/macs/MAC`. Outside a VPC there are fewer; a private one has empty public ones. */
const interfaceRows: readonly Row[] = [
  ['device-number', () => '0'],
  ['interface-id', ({ vpc }) => vpc?.interfaceId],
  ['local-hostname', ({ privateHostname }) => privateHostname],
  ['local-ipv4s', ({ privateAddress }) => privateAddress],
  ['mac', ({ mac }) => mac],
  ['owner-id', ({ accountId }) => accountId],
  ['public-hostname', (facts) => publicName(facts) ?? '', 'eucalyptus'],
  ['public-hostname', publicName, 'aws'],
  ['public-ipv4s', ({ publicAddress = '' }) => publicAddress, 'eucalyptus'],
  ['public-ipv4s', ({ publicAddress }) => publicAddress, 'aws'],
  ['security-groups', (facts) => (facts.vpc ? groupNames(facts).join('\n') : undefined)],
  [
    'security-group-ids',
    ({ vpc, securityGroups }) => (vpc ? securityGroups.map(({ id }) => id).join('\n') : undefined),
  ],
  ['subnet-id', ({ vpc }) => vpc?.subnetId],
  ['subnet-ipv4-cidr-block', ({ vpc }) => vpc?.subnetCidr],
  ['vpc-id', ({ vpc }) => vpc?.vpcId],
  ['vpc-ipv4-cidr-block', ({ vpc }) => vpc?.vpcCidr],
]

function read(table: readonly Row[], facts: MetadataFacts, fidelity: Fidelity): [string, string][] {
  return table.flatMap(([path, value, only = fidelity]): [string, string][] => {
    const text = only === fidelity ? value(facts) : undefined
    return text === undefined ? [] : [[path, text]]
  })
}

const short = (device: string) => device.replace(/^\/dev\//, '')

/** Paths below `block-device-mapping`. Those of an instance-store instance are fixed, whatever its disks are. */
function blockDevices(facts: MetadataFacts, fidelity: Fidelity): [string, string][] {
  const { rootDeviceName, rootDeviceType, mappedVolumes, ephemerals } = facts
  const root: [string, string][] = [
    ['ami', short(rootDeviceName)],
    ...(fidelity === 'eucalyptus' ? [['emi', short(rootDeviceName)] as [string, string]] : []),
    ['root', rootDeviceName],
  ]
  if (rootDeviceType === 'instance-store') {
    const isPartition = /\d$/.test(rootDeviceName)
    if (!isPartition) return [...root, ['ephemeral0', 'sdb']]
    return [...root, ['ephemeral0', 'sda2'], ['swap', 'sda3']]
  }
  const volumes = [...mappedVolumes].sort().map((device, index): [string, string] => [`ebs${index + 1}`, short(device)])
  return [...root, ...volumes, ...ephemerals.map(({ name, device }): [string, string] => [name, short(device)])]
}

/** Everything below `meta-data`, as path and value. */
export function metaData(facts: MetadataFacts, fidelity: Fidelity): [string, string][] {
  const { mac, vpc, publicAddress, privateAddress } = facts
  const below = (prefix: string, entries: [string, string][]) =>
    entries.map(([path, value]): [string, string] => [`${prefix}/${path}`, value])
  const associations: [string, string][] =
    vpc && publicAddress !== undefined ? [[`ipv4-associations/${publicAddress}`, privateAddress]] : []
  return [
    ...read(rows, facts, fidelity),
    ...below('iam', iamData(facts, fidelity)),
    ...below('block-device-mapping', blockDevices(facts, fidelity)),
    ...below(`network/interfaces/macs/${mac}`, [...read(interfaceRows, facts, fidelity), ...associations]),
  ]
}
