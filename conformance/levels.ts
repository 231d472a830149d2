import type { Capability, Case } from './case.ts'
import type { Fidelity } from './target.ts'

/** What a cloud can be certified for, each level with all that is in those before it. */
export const certificates = ['bronze', 'silver', 'gold'] as const

/** A level of certification. */
export type Certificate = (typeof certificates)[number]

/** The rules below, and so what a certificate says, are of this edition. */
export const edition = '2026.1'

/** The level for which a cloud must have a capability. A case belongs to the highest level of those that it needs. */
const ofCapabilities: Readonly<Record<Capability, Certificate>> = {
  s3: 'bronze',
  multipart: 'bronze',
  versioning: 'bronze',
  acl: 'bronze',
  'bucket-policy': 'bronze',
  'post-policy': 'bronze',
  cors: 'bronze',
  lifecycle: 'bronze',
  'object-tagging': 'bronze',
  'conditional-writes': 'bronze',
  checksums: 'bronze',
  'signature-2': 'bronze',
  'any-region': 'bronze',
  'two-accounts': 'bronze',
  iam: 'bronze',
  'key-pairs': 'bronze',
  images: 'bronze',
  'instance-store': 'bronze',
  'security-groups': 'bronze',
  ebs: 'silver',
  addresses: 'silver',
  network: 'silver',
  ssh: 'silver',
  'boots-hvm': 'silver',
  'boots-paravirtual': 'silver',
  'bundle-instance': 'gold',
  'bundle-tasks': 'gold',
  imports: 'gold',
  'vm-import': 'gold',
  'virtual-hosts': 'gold',
}

/** Areas that are of a level whatever their cases need. */
const ofAreas: Readonly<Record<string, Certificate>> = { authentication: 'gold', metadata: 'silver', disks: 'silver' }

/** What a cloud that speaks so never has: its certificates do without. AWS bundles Windows only; Eucalyptus has nothing of what AWS has added later. */
export const foreign: Readonly<Record<Fidelity, readonly Capability[]>> = {
  aws: ['bundle-instance'],
  eucalyptus: ['vm-import', 'object-tagging', 'conditional-writes', 'checksums'],
}

const rank = (level: Certificate) => certificates.indexOf(level)

/** The lowest certificate that a case belongs to. */
export function certificateOf({ id, needs }: Pick<Case, 'id' | 'needs'>): Certificate {
  const area = ofAreas[id.split('/')[0] ?? '']
  const all = [...needs.map((word) => ofCapabilities[word]), ...(area ? [area] : [])]
  return all.reduce((highest, one) => (rank(one) > rank(highest) ? one : highest), 'bronze')
}

/** Whether a certificate of a cloud that speaks so asks for a case. What MAY hold is not asked for. */
export const isAskedFor = (one: Case, certificate: Certificate, fidelity: Fidelity): boolean =>
  one.level !== 'MAY' &&
  rank(certificateOf(one)) <= rank(certificate) &&
  !one.needs.some((word) => foreign[fidelity].includes(word))
