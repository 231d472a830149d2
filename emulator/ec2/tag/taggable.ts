import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import type { Identified, Table } from '../../state/table.ts'
import { fault } from '../faults.ts'
import { findImage, mayUse } from '../image/image.ts'
import { isShown } from '../instance/instance.ts'
import { mayRestore } from '../snapshot/snapshot.ts'
import { isVolumeShown } from '../volume/volume.ts'

/** The records to look among: those of a change, or those on disk. */
type Records = <Kind extends Identified>(table: Table<Kind>) => Pick<Table<Kind>, 'get'>

/** The records as they are on disk. */
export const onDisk: Records = (table) => table

/** The records as a change sees them. */
export const within =
  (draft: Draft): Records =>
  (table) =>
    table.in(draft)

/** A resource, and whether the caller may put tags on it. */
interface Found {
  readonly id: string
  mayTag(caller: Caller): boolean
}

/** A resource that can bear tags, with its type as DescribeTags names it. */
export type Resource = Found & { readonly type: string }

/** A kind of resource that can bear tags. */
interface Kind {
  readonly type: string
  /** What its ids begin with. */
  readonly prefixes: readonly string[]
  /** The fault for one that is not there. */
  readonly absent: Parameters<typeof fault>[0]
  find(cloud: Cloud, records: Records, id: string): Found | undefined
}

/** A resource that only its owner and administrators may put tags on. */
const owned = (record: { readonly id: string; readonly ownerId: string } | undefined): Found | undefined =>
  record && { id: record.id, mayTag: (caller) => record.ownerId === caller.accountId || caller.administrator }

/** What can bear tags (TagSupport of Eucalyptus 4.4, but for what is in a VPC); shared images can by those who may use them. */
const kinds: readonly Kind[] = [
  {
    type: 'image',
    prefixes: ['emi', 'eki', 'eri', 'ami', 'aki', 'ari'],
    absent: 'imageNotFound',
    find(cloud, records, id) {
      const image = findImage(records(cloud.images), id)
      return image && { id: image.id, mayTag: (caller) => mayUse(image, caller) }
    },
  },
  {
    type: 'instance',
    prefixes: ['i'],
    absent: 'instanceNotFound',
    find(cloud, records, id) {
      const instance = records(cloud.instances).get(id)
      return instance && isShown(instance, cloud.clock.now()) ? owned(instance) : undefined
    },
  },
  {
    type: 'volume',
    prefixes: ['vol'],
    absent: 'volumeNotFound',
    find(cloud, records, id) {
      const volume = records(cloud.volumes).get(id)
      return volume && isVolumeShown(volume, cloud.clock.now()) ? owned(volume) : undefined
    },
  },
  {
    type: 'snapshot',
    prefixes: ['snap'],
    absent: 'snapshotNotFound',
    find(cloud, records, id) {
      const snapshot = records(cloud.snapshots).get(id)
      if (!snapshot || cloud.settings.fidelity === 'eucalyptus') return owned(snapshot)
      return { id, mayTag: (caller) => mayRestore(snapshot, caller) }
    },
  },
  {
    type: 'security-group',
    prefixes: ['sg'],
    absent: 'groupNotFound',
    find: (cloud, records, id) => owned(records(cloud.groups).get(id)),
  },
]

/** Without a VPC, as in Eucalyptus here, addresses have no ids. */
const awsKinds: readonly Kind[] = [
  ...kinds,
  {
    type: 'elastic-ip',
    prefixes: ['eipalloc'],
    absent: 'allocationNotFound',
    find: (cloud, records, id) => owned(records(cloud.addresses).get(id)),
  },
]

const syntax = /^([a-z]{1,32})-(?:[0-9a-f]{8}|[0-9a-f]{17})$/

/** The kind that an id is of. Throws the fault for what is no id of anything that can bear tags. */
function kindOf({ settings }: Cloud, sent: string): Kind {
  const prefix = syntax.exec(sent.toLowerCase())?.[1]
  const kind = (settings.fidelity === 'aws' ? awsKinds : kinds).find(({ prefixes }) => prefixes.includes(prefix ?? ''))
  if (!kind) throw fault('taggedIdInvalid', sent)
  return kind
}

/** The resource of an id; undefined when there is none. Throws the fault for what is no id. */
export function resource(cloud: Cloud, records: Records, sent: string): Resource | undefined {
  const { type, find } = kindOf(cloud, sent)
  const found = find(cloud, records, sent.toLowerCase())
  return found && { ...found, type }
}

/** The fault for an id of a resource that is not there, as far as the caller may know. */
export const absentResource = (cloud: Cloud, sent: string) => fault(kindOf(cloud, sent).absent, sent)
