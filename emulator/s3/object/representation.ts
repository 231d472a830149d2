import type { ByteRange } from '../../objects/data.ts'
import type { SeenObject, ToOpen } from '../../objects/objects.ts'
import type { BucketRecord } from '../../objects/records.ts'
import { lookFor, mayRead } from '../access.ts'
import { expirationHeader } from '../expiration.ts'
import { fault } from '../faults.ts'
import type { S3Answer, S3Call, S3World } from '../operation.ts'
import { tagCountHeader } from '../tags.ts'
import { partNumberOf } from '../upload/upload-name.ts'
import { requestedVersion, shownVersion } from '../version-id.ts'
import { shownChecksum } from './checksums.ts'
import { judge } from './conditions.ts'
import { partRange, rangeOf } from './range.ts'
import { addMetadata } from './stored-headers.ts'

/** Query parameters by which a signed GET chooses headers of its answer. */
const overrides = [
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
]

function overridden({ query, requester }: S3Call): Record<string, string> {
  const sent = overrides.flatMap((name): [string, string][] => {
    const value = query.get(`response-${name}`)
    // Header values travel as Latin-1: UTF-8 goes through it byte by byte.
    return value === undefined ? [] : [[name, Buffer.from(value).toString('latin1')]]
  })
  if (sent.length && requester.kind !== 'account') {
    throw fault('invalidRequest', 'Request specific response headers cannot be used for anonymous GET requests.')
  }
  const bad = sent.find(([, value]) => /[\x00-\x08\x0a-\x1f\x7f]/.test(value))
  if (bad) throw fault('invalidArgument', `response-${bad[0]} has a character that a header cannot have`)
  return Object.fromEntries(sent)
}

/** Whether a Range header counts: If-Range may say that it does only for the version that the client has. */
function wantedRange({ headers }: S3Call, { record }: SeenObject): string | undefined {
  const ifRange = headers['if-range']
  if (ifRange === undefined) return headers['range']
  const holds = ifRange.includes('"')
    ? ifRange.replaceAll('"', '') === record.etag
    : Math.floor(record.lastModified / 1000) <= Date.parse(ifRange) / 1000
  return holds ? headers['range'] : undefined
}

/** The part that is asked for by its number. Throws InvalidArgument, and InvalidRequest beside a range. */
function wantedPart(call: S3Call): number | undefined {
  if (!call.query.has('partNumber')) return undefined
  if (call.headers['range'] === undefined) return partNumberOf(call)
  throw fault('invalidRequest', 'Cannot specify both Range header and partNumber query parameter')
}

/** The answer without the bytes, and which of them it has. */
interface Description {
  readonly answer: S3Answer
  readonly bytes?: ByteRange
}

function describe(world: S3World, call: S3Call, bucket: BucketRecord, object: SeenObject): Description {
  const { record, pieces } = object
  const { size } = record.data
  const verdict = judge(record, call.headers)
  if (verdict === 'failed') throw fault('preconditionFailed')
  const etag = `"${record.etag}"`
  const lastModified = new Date(record.lastModified).toUTCString()
  const version = shownVersion(world, bucket, record)
  if (verdict === 'not modified') {
    return {
      answer: { status: 304, headers: { etag, 'last-modified': lastModified, 'x-amz-version-id': version } },
    }
  }
  const partNumber = wantedPart(call)
  const range = partNumber === undefined ? rangeOf(wantedRange(call, object), size) : partRange(partNumber, pieces)
  const piece = partNumber === undefined ? undefined : pieces[partNumber - 1]
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const stored = record.headers
  // All that most answers have, in one literal: spreads, and names added one by one, cost as much as reading the object.
  const headers: Record<string, string | undefined> = {
    'content-type': stored['content-type'],
    'cache-control': stored['cache-control'],
    'content-disposition': stored['content-disposition'],
    'content-encoding': stored['content-encoding'],
    'content-language': stored['content-language'],
    expires: stored['expires'],
    etag,
    'last-modified': lastModified,
    'x-amz-version-id': version,
    'accept-ranges': 'bytes',
    'content-length': String(end - start + 1),
  }
  addMetadata(headers, record)
  if (call.query.size) Object.assign(headers, overridden(call))
  if (record.tags) Object.assign(headers, tagCountHeader(record))
  if (bucket.lifecycle && !call.query.has('versionId')) Object.assign(headers, expirationHeader(world, bucket, record))
  if (record.checksum) Object.assign(headers, shownChecksum(call.headers, record, { piece, isWhole: !range }))
  if (range && size > 0) headers['content-range'] = `bytes ${start}-${end}/${size}`
  if (piece && record.data.kind === 'parts') headers['x-amz-mp-parts-count'] = String(pieces.length)
  const status = range && size > 0 ? 206 : 200
  return { answer: { status, headers }, bytes: { start, end } }
}

/** The version that a request names, or the current one, if the requester may read it: by `openObject` or `seeObject`. */
function requested<Seen>(
  world: S3World,
  call: S3Call,
  bucket: BucketRecord,
  look: (bucket: string, key: string, options: ToOpen) => Promise<Seen>,
): Promise<Seen> {
  const versionId = requestedVersion(world, call.query.get('versionId'))
  const may = mayRead(world, bucket, call, versionId)
  return lookFor(world, bucket, call, () => look(call.bucket, call.key, { may, versionId }))
}

/** Looks at what a request names, if the requester may read it. Throws what `seeObject` does. */
export const seeRequested = (world: S3World, call: S3Call, bucket: BucketRecord): Promise<SeenObject> =>
  requested(world, call, bucket, world.objects.seeObject)

/** An object as HEAD answers it: as GET does, without the bytes. */
export async function outline(world: S3World, call: S3Call, { bucket }: { bucket: BucketRecord }): Promise<S3Answer> {
  return describe(world, call, bucket, await seeRequested(world, call, bucket)).answer
}

/**
 * An object as GET answers it: conditions, ranges, parts and response headers. The answer's stream must be read
 * or destroyed.
 */
export async function represent(world: S3World, call: S3Call, { bucket }: { bucket: BucketRecord }): Promise<S3Answer> {
  const object = await requested(world, call, bucket, world.objects.openObject)
  try {
    const { answer, bytes } = describe(world, call, bucket, object)
    const atHand = bytes && object.atHand(bytes)
    if (bytes && !atHand) return { ...answer, stream: object.body(bytes, { isPiped: true }) }
    object.close()
    return { ...answer, ...(atHand && { bytes: atHand }) }
  } catch (error) {
    object.close()
    throw error
  }
}
