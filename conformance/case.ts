import type { Tools } from './tools.ts'

/** What a target may be able to do, in words that its owner declares; a case names those it needs. */
export const capabilities = {
  s3: 'Object Storage',
  multipart: 'objects can be uploaded in parts',
  versioning: 'buckets keep versions of their objects',
  acl: 'access control lists of buckets and objects hold',
  'bucket-policy': 'policies of buckets hold',
  'post-policy': 'forms with signed policies can upload objects',
  cors: 'buckets have rules for pages of other origins',
  lifecycle: 'buckets have rules by which objects expire',
  'object-tagging': 'objects have tags, as in AWS',
  'conditional-writes': 'writes and deletions can be conditional, as in AWS',
  checksums: 'objects have checksums besides MD5, as in AWS',
  'virtual-hosts': 'buckets are reached by hosts that have their names as well; the target file says before which',
  'signature-2': 'requests signed with version 2 are taken',
  'any-region': 'signatures may name any region in their scope',
  'two-accounts': 'the target file names a second, ordinary account',
  iam: 'accounts, users, roles and instance profiles can be asked for and made by IAM',
  'key-pairs': 'key pairs can be made and imported',
  images: 'bundles can be registered, kernels and ramdisks by the administrator too',
  'instance-store': 'instances run from registered bundles',
  'boots-hvm': 'guests boot from a whole disk, and their console can be read',
  'boots-paravirtual': 'guests boot from kernel, ramdisk and root, and their console can be read',
  'bundle-instance': 'running instances of any operating system can be bundled',
  'bundle-tasks': 'tasks that bundle instances can be described and cancelled',
  imports: 'disk files can be imported by conversion tasks',
  'vm-import': 'disk files can be imported as snapshots and images, and images exported, as in AWS',
  ebs: 'volumes and snapshots can be made, attached, registered and booted from',
  'security-groups': 'security groups can be made, and their rules hold for the instances in them',
  addresses: 'public addresses can be allocated and associated with instances',
  network: 'instances get their address, metadata and user-data by the network',
  ssh: 'this machine has ssh, and reaches the public addresses of instances',
} as const

/** One of the words of `capabilities`. */
export type Capability = keyof typeof capabilities

/** Whether a word is one of them. */
export const isCapability = (word: string): word is Capability => Object.hasOwn(capabilities, word)

/** How binding a case is, in the sense of RFC 2119. */
export type Level = 'MUST' | 'SHOULD' | 'MAY'

/** One thing that is true of every such cloud, as data and a function. */
export interface Case {
  /** `area/what-is-true`, for ever: results are compared over years by it. The area is the folder of its file. */
  readonly id: string
  readonly title: string
  readonly level: Level
  /** The operations that it says something about, by their wire names. */
  readonly covers: readonly string[]
  readonly needs: readonly Capability[]
  /** What the expectation rests on. */
  readonly source: string
  /** About how long it takes on an idle machine. */
  readonly seconds: number
  /** About what it costs on a cloud that bills, in US cents; a case that starts an instance says so. */
  readonly cents?: number
  /** Whether it is one of the few that tell most in little time: they alone are run by `--level smoke`. */
  readonly smoke?: true
  /** Owns all that it makes, and gives what it leaves behind to `later`. Throws when the cloud does otherwise. */
  run(tools: Tools): Promise<void>
}

/** Declares a case. Throws when its id is not of the form `area/words-with-hyphens`. */
export function defineCase(definition: Case): Case {
  const { id, covers, needs } = definition
  if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(id)) throw new Error(`"${id}" cannot be the id of a case`)
  return Object.freeze({ ...definition, covers: Object.freeze([...covers]), needs: Object.freeze([...needs]) })
}
