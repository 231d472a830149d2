import { element, elements } from '../../../src/protocol/xml.ts'
import { shownOf } from '../../objects/object-rows.ts'
import type { ListedVersion } from '../../objects/version-listing.ts'
import { isDeleteMarker, versionIdOf } from '../../objects/versions.ts'
import { accountFields } from '../acl.ts'
import { fault } from '../faults.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { requestedVersion } from '../version-id.ts'
import { type ListingRequest, listingRequest, nextAfter } from './listing.ts'
import { listingAnswer, objectWriter } from './listing-answer.ts'

/** After which version of the key-marker to go on. AWS wants a key with it; Eucalyptus does not look at it without one. */
function versionMarker(world: S3World, { query }: S3Call): string | undefined {
  const sent = query.get('version-id-marker')
  if (query.get('key-marker')) return sent === '' ? undefined : requestedVersion(world, sent)
  if (!sent || world.settings.fidelity === 'eucalyptus') return undefined
  throw fault('invalidArgument', 'A version-id marker cannot be specified without a key marker.')
}

/** Writes versions and delete markers. */
function versionWriter(world: S3World, encode: ListingRequest['encode']): (listed: ListedVersion) => string {
  const write = objectWriter(world, { encode, withOwner: true })
  return ({ version, isLatest }) => {
    const identity = { VersionId: versionIdOf(version), IsLatest: isLatest }
    const { key } = version
    if (!isDeleteMarker(version)) return write('Version', { key, ...shownOf(version) }, elements(identity, 's3'))
    const stated = { Key: encode(key), LastModified: new Date(version.lastModified) }
    const Owner = accountFields(world, version.owner.canonicalId)
    return element('DeleteMarker', { ...stated, Owner, ...identity }, 's3')
  }
}

/** The versions of all objects and the delete markers, mixed: by key and from the newest on. */
export default s3Operation('ListObjectVersions', {
  route: { method: 'GET', of: 'bucket', sub: 'versions' },
  access: { bucket: 'READ' },
  async run(world, call, { bucket }) {
    const { encode, echo, ...request } = listingRequest(call, 'max-keys')
    const marker = call.query.get('key-marker') ?? ''
    const afterVersionId = versionMarker(world, call)
    const markers = { after: marker, ...(afterVersionId !== undefined && { afterVersionId }) }
    const page = await world.objects.listVersions(bucket.name, { ...request, ...markers })
    const next = nextAfter(page)
    const last = page.entries.at(-1)
    const about = {
      Name: bucket.name,
      ...echo,
      KeyMarker: encode(marker),
      VersionIdMarker: call.query.get('version-id-marker') ?? '',
      NextKeyMarker: next === undefined ? undefined : encode(next),
      NextVersionIdMarker: page.truncated && last && 'row' in last ? versionIdOf(last.row.version) : undefined,
      MaxKeys: request.limit,
      IsTruncated: page.truncated,
    }
    const row = versionWriter(world, encode)
    return listingAnswer({ root: 'ListVersionsResult', about, entries: page.entries, encode, row })
  },
})
