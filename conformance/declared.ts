import { type Capability, capabilities } from './case.ts'
import { foreign } from './levels.ts'
import { ConformanceRefused } from './refused.ts'
import { capabilityOf, type Fidelity } from './target.ts'

/** What is declared of a Eucalyptus unless its owner says otherwise: all but what depends on this machine and the account. */
const withoutOwner: readonly Capability[] = ['two-accounts', 'ssh', 'virtual-hosts']

/**
 * What is declared of AWS. The rest is what only some of its accounts or regions have, or none any more: lists of access on
 * new buckets, signatures of version 2, bundles (which need its certificate), and machines without hardware support.
 */
const ofAws: readonly Capability[] = [
  ...(['s3', 'multipart', 'versioning', 'bucket-policy', 'post-policy', 'cors', 'lifecycle'] as const),
  ...(['object-tagging', 'conditional-writes', 'checksums', 'iam', 'key-pairs', 'ebs', 'security-groups'] as const),
]

/** What a cloud is taken to be able to do when nobody declares it (docs/conformance.md). */
export function byDefault(fidelity: Fidelity): Capability[] {
  if (fidelity === 'aws') return [...ofAws]
  const lacks = [...foreign.eucalyptus, ...withoutOwner]
  return (Object.keys(capabilities) as Capability[]).filter((word) => !lacks.includes(word))
}

/** Reads a list of capabilities with commas between them. Throws for a word that is none, and when there is none. */
export function declaredIn(text: string): Capability[] {
  const words = text.split(',').map((word) => word.trim())
  const declared = words.filter((word) => word !== '').map(capabilityOf)
  if (!declared.length) throw new ConformanceRefused('a cloud that can do nothing has nothing to be tested')
  return declared
}
