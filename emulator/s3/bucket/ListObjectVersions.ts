import { element, elements } from '../../../src/protocol/xml.ts'
import type { ListedVersion } from '../../objects/version-listing.ts'
import { isDeleteMarker, versionIdOf } from '../../objects/versions.ts'
import { accountFields } from '../acl.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { type S3Call, type S3World, s3Operation } from '../operation.ts'
import { requestedVersion } from '../version-id.ts'
import { type ListingRequest, listingRequest, nextAfter, objectFields, prefixesOf, rowsOf } from './listing.ts'

/** After which version of the key-marker to go on. AWS wants a key with it; Eucalyptus does not look at it without one. */
function versionMarker(world: S3World, { query }: S3Call): string | undefined {
  const sent = query.get('version-id-marker')
  if (query.get('key-marker')) return sent === '' ? undefined : requestedVersion(world, sent)
  if (!sent || world.settings.fidelity === 'eucalyptus') return undefined
  throw fault('invalidArgument', 'A version-id marker cannot be specified without a key marker.')
}

function rowXml(world: S3World, encode: ListingRequest['encode'], { version, isLatest }: ListedVersion): string {
  const identity = { VersionId: versionIdOf(version), IsLatest: isLatest }
  if (!isDeleteMarker(version)) {
    const fields = objectFields(world, version, { encode, withOwner: true })
    return element('Version', { ...fields, ...identity }, 's3')
  }
  const { key, lastModified, owner } = version
  const stated = { Key: encode(key), LastModified: new Date(lastModified) }
  return element('DeleteMarker', { ...stated, Owner: accountFields(world, owner.canonicalId), ...identity }, 's3')
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
    const rows = rowsOf(page).map((row) => rowXml(world, encode, row))
    const prefixes = elements({ CommonPrefixes: prefixesOf(page, encode) }, 's3')
    return xmlAnswer('ListVersionsResult', elements(about, 's3') + rows.join('') + prefixes)
  },
})
