import type { Engine } from './engine.ts'
import { afterKey, afterPrefix, indexKey, longestIndexKey, seekKey, seekVersions } from './keys.ts'
import { type Page, type PageRequest, page } from './paging.ts'
import type { BucketRecord, VersionRecord } from './records.ts'
import { isDeleteMarker, versionPosition } from './versions.ts'

/** A version as it is listed. */
export interface ListedVersion {
  readonly version: VersionRecord
  /** Whether it is what the key stands for now. */
  readonly isLatest: boolean
}

/** What of the versions is asked for; `afterVersionId` goes with `after`, a key whose older versions are wanted as well. */
export interface VersionsRequest extends PageRequest {
  readonly afterVersionId?: string
}

/** Where to read on in both tables, and the key whose newer versions have been shown. */
interface Position {
  readonly objects: Buffer
  readonly versions: Buffer
  readonly within?: string
}

type Indexed = Pick<Engine, 'tables'>

const rowOf = (version: VersionRecord, isLatest: boolean) => ({ name: version.key, row: { version, isLatest } })

const bytewise = (a: string, b: string) => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))

/** Both tables as one: by key, of each key the current object first, then the others from the newest on. */
function* merged({ tables }: Indexed, { name, versioning }: BucketRecord, from: Position) {
  const end = afterPrefix(indexKey([name]))
  const objects = tables.objects.getRange({ start: from.objects, end })[Symbol.iterator]()
  const isVersioned = versioning !== undefined
  const versions = isVersioned ? tables.versions.getRange({ start: from.versions, end })[Symbol.iterator]() : undefined
  try {
    let shown = from.within
    let object = objects.next()
    let other = versions?.next()
    for (;;) {
      const [ofObjects, ofVersions] = [object.done ? undefined : object.value, other?.done ? undefined : other?.value]
      if (ofObjects && (!ofVersions || bytewise(ofObjects.value.key, ofVersions.value.key) <= 0)) {
        shown = ofObjects.value.key
        yield rowOf(ofObjects.value, true)
        object = objects.next()
      } else if (ofVersions) {
        // Only a delete marker can be current here, and only where nothing newer was shown.
        const isLatest = isDeleteMarker(ofVersions.value) && ofVersions.value.key !== shown
        shown = ofVersions.value.key
        yield rowOf(ofVersions.value, isLatest)
        other = versions?.next()
      } else return
    }
  } finally {
    objects.return?.()
    versions?.return?.()
  }
}

/** A page of the versions of a bucket's objects, by key and from the newest on; like other pages it costs its entries. */
export function listVersions(engine: Indexed, bucket: BucketRecord, request: VersionsRequest): Page<ListedVersion> {
  const { name } = bucket
  const { after, afterVersionId } = request
  const at = (bytes: Uint8Array): Position => ({
    objects: seekKey([name], bytes),
    versions: seekVersions(name, bytes),
  })
  const key = Buffer.from(after)
  const shown = afterVersionId === undefined ? undefined : versionPosition(engine, name, after, afterVersionId)
  const within = shown && {
    objects: seekKey([name], afterKey(key)),
    versions: afterKey(shown).subarray(0, longestIndexKey),
    within: after,
  }
  const isWithin = (position: Uint8Array) => afterVersionId !== undefined && Buffer.compare(position, key) === 0
  const scan = (position: Uint8Array) =>
    // A version that is gone may have been removed by who lists: then the key is listed anew.
    merged(engine, bucket, isWithin(position) && within ? within : at(position))
  if (after === '') return page(scan, request)
  return page(scan, request, afterVersionId === undefined ? afterKey(key) : key)
}
