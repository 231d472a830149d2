import type { Fidelity } from '../../src/protocol/faults.ts'
import { manualClock } from '../state/clock.ts'
import { answer, type MetadataRequest } from './answer.ts'
import type { MetadataFacts } from './facts.ts'
import { sessionTokens } from './tokens.ts'

/** An instance-store HVM instance with as little as one can have, open to requests without a token. */
export const plain: MetadataFacts = {
  instanceId: 'i-0000000a',
  reservationId: 'r-0000000b',
  accountId: '000123456789',
  launchIndex: 0,
  instanceType: 'm1.small',
  imageId: 'emi-0000000c',
  manifestPath: 'bucket/image.manifest.xml',
  architecture: 'x86_64',
  virtualization: 'hvm',
  monitoring: false,
  pendingTime: new Date('2026-01-02T03:04:05.678Z'),
  region: 'eucalyptus',
  zone: 'one',
  domain: 'cloud.internal',
  rootDeviceType: 'instance-store',
  rootDeviceName: '/dev/sda',
  mappedVolumes: [],
  ephemerals: [],
  privateHostname: 'ip-172-31-0-9.eucalyptus.internal',
  privateAddress: '172.31.0.9',
  publicAddress: '127.8.0.9',
  mac: 'd0:0d:00:00:00:0a',
  securityGroups: [{ id: 'sg-0000000d', name: 'default' }],
  tokens: 'optional',
}
const vpc = {
  interfaceId: 'eni-0000000e',
  subnetId: 'subnet-0000000f',
  subnetCidr: '172.31.0.0/20',
  vpcId: 'vpc-00000001',
  vpcCidr: '172.31.0.0/16',
}
/** The same with everything that can be set. */
export const full: MetadataFacts = {
  ...plain,
  kernelId: 'eki-00000002',
  ramdiskId: 'eri-00000003',
  productCodes: ['one', 'two'],
  monitoring: true,
  securityGroups: [
    { id: 'sg-0000000d', name: 'web' },
    { id: 'sg-0000000e', name: 'default' },
  ],
  publicHostname: 'euca-127-8-0-9.eucalyptus.cloud.internal',
  vpc,
  key: { name: 'my key', openSsh: 'ssh-rsa AAAA my key' },
  userData: Buffer.from([0, 255, 10]),
}
/** One with an EBS root and further disks. */
export const ebs: MetadataFacts = {
  ...plain,
  manifestPath: undefined,
  rootDeviceType: 'ebs',
  mappedVolumes: ['/dev/sdg', '/dev/sdf'],
  ephemerals: [{ name: 'ephemeral0', device: '/dev/sdb' }],
}
/** A paravirtual one. */
export const paravirtual: MetadataFacts = { ...plain, virtualization: 'paravirtual', rootDeviceName: '/dev/sda1' }

/** Asks a fresh service of either fidelity, whose clock the test moves. */
export function testService() {
  const clock = manualClock()
  let count = 0
  const tokens = sessionTokens({ clock, random: (bytes) => Buffer.alloc(bytes, ++count) })
  const seal = { signature: (text: string) => `S${text.length}`.repeat(40), pkcs7: (text: string) => `P${text.length}` }
  const ask = (fidelity: Fidelity, facts: MetadataFacts, url: string, request: Partial<MetadataRequest> = {}) =>
    answer({ fidelity, tokens, seal }, facts, { method: 'GET', headers: {}, url, ...request })
  return { clock, ask }
}
