import type { Fidelity } from '../../src/protocol/faults.ts'
import type { MetadataFacts } from './facts.ts'

/** Proves to others that the cloud said a text. Both are base64 in one line. */
export interface IdentitySeal {
  /** The RSA signature (PKCS#1 v1.5) of the text. */
  signature(text: string): string
  /** The text in a PKCS #7 envelope, signed. */
  pkcs7(text: string): string
}

/** `dynamic/instance-identity/document`, in the order of each cloud (VmInstanceMetadata; EC2 user guide). */
export function identityDocument(facts: MetadataFacts, fidelity: Fidelity): string {
  const { privateAddress, zone, region, instanceId, instanceType, accountId, imageId, architecture } = facts
  const pendingTime = facts.pendingTime.toISOString()
  const [kernelId, ramdiskId] = [facts.kernelId ?? null, facts.ramdiskId ?? null]
  const eucalyptus = {
    privateIp: privateAddress,
    devpayProductCodes: null,
    availabilityZone: zone,
    version: '2010-08-31',
    region,
    instanceId,
    billingProducts: null,
    instanceType,
    accountId,
    pendingTime,
    imageId,
    architecture,
    kernelId,
    ramdiskId,
  }
  const aws = {
    accountId,
    architecture,
    availabilityZone: zone,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId,
    instanceId,
    instanceType,
    kernelId,
    pendingTime: pendingTime.replace(/\.\d+/, ''),
    privateIp: privateAddress,
    ramdiskId,
    region,
    version: '2017-09-30',
  }
  return JSON.stringify(fidelity === 'aws' ? aws : eucalyptus, null, 2)
}

/** base64 in lines of 76. */
const folded = (base64: string) => base64.replace(/.{76}(?=.)/g, '$&\n')

/** Everything below `dynamic`: path and what reads it. Signing takes a millisecond, so it waits until it is read. */
export function dynamicData(facts: MetadataFacts, fidelity: Fidelity, seal: IdentitySeal): [string, () => string][] {
  const document = () => identityDocument(facts, fidelity)
  const pkcs7 = () => folded(seal.pkcs7(document()))
  return [
    ['fws/instance-monitoring', () => (facts.monitoring ? 'enabled' : 'disabled')],
    ['instance-identity/document', document],
    ['instance-identity/pkcs7', pkcs7],
    ...(fidelity === 'aws' ? [['instance-identity/rsa2048', pkcs7] as [string, () => string]] : []),
    ['instance-identity/signature', () => folded(seal.signature(document()))],
  ]
}
