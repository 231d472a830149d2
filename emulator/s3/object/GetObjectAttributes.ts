import type { Answer } from '../../../src/protocol/xml.ts'
import type { SeenObject } from '../../objects/objects.ts'
import { xmlAnswer } from '../answer.ts'
import { fault } from '../faults.ts'
import { type S3Call, s3Operation } from '../operation.ts'
import { versionHeader } from '../version-id.ts'
import { checksumElement, checksumElements } from './checksums.ts'
import { seeRequested } from './representation.ts'

type Fields = { readonly [name: string]: Answer }

/** A number of the page of parts that is asked for, at most `most`. Throws InvalidArgument. */
function numberIn({ headers }: S3Call, name: string, most: number): number {
  const sent = headers[name]?.trim() ?? String(most)
  if (!/^\d{1,10}$/.test(sent)) throw fault('invalidArgument', `Argument ${name} must be an integer`)
  return Math.min(Number(sent), most)
}

/**
 * The parts of an object that an upload made. AWS names single parts only of objects with checksums, but there every
 * upload has one (S3 API reference, GetObjectAttributes); here they are always named.
 */
function objectParts(call: S3Call, { record, pieces }: SeenObject): Fields | undefined {
  const { checksum, data } = record
  if (data.kind !== 'parts') return undefined
  const after = call.headers['x-amz-part-number-marker'] ? numberIn(call, 'x-amz-part-number-marker', 10_000) : 0
  const limit = numberIn(call, 'x-amz-max-parts', 1000)
  const page = pieces.slice(after, after + limit)
  return {
    PartsCount: pieces.length,
    PartNumberMarker: after,
    NextPartNumberMarker: Math.min(after + page.length, pieces.length),
    MaxParts: limit,
    IsTruncated: limit > 0 && after + page.length < pieces.length,
    Part: page.map(({ size, checksum: value }, index) => ({
      PartNumber: after + index + 1,
      Size: size,
      ...(checksum && value !== undefined && checksumElement({ algorithm: checksum.algorithm, value })),
    })),
  }
}

/** What can be asked for, in the order of the answer. */
const attributes: Readonly<Record<string, (call: S3Call, object: SeenObject) => Answer>> = {
  ETag: (_, { record }) => record.etag,
  Checksum: (_, { record }) => (record.checksum ? checksumElements(record.checksum) : undefined),
  ObjectParts: objectParts,
  StorageClass: () => 'STANDARD',
  ObjectSize: (_, { record }) => record.data.size,
}

/** The names in x-amz-object-attributes. Throws InvalidArgument. */
function wantedAttributes({ headers }: S3Call): ReadonlySet<string> {
  const names = (headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim())
  if (names.every((name) => Object.hasOwn(attributes, name))) return new Set(names)
  throw fault('invalidArgument', 'Invalid attribute name specified.')
}

/** What is known of an object beside its headers: its checksums and its parts. */
export default s3Operation('GetObjectAttributes', {
  route: { method: 'GET', of: 'object', sub: 'attributes' },
  fidelity: 'aws',
  access: { object: 'READ' },
  async run(world, call, { bucket }) {
    const wanted = wantedAttributes(call)
    const object = await seeRequested(world, call, bucket)
    const fields = Object.entries(attributes)
      .filter(([name]) => wanted.has(name))
      .map(([name, read]) => [name, read(call, object)])
    return {
      ...xmlAnswer('GetObjectAttributesResponse', Object.fromEntries(fields)),
      headers: {
        'last-modified': new Date(object.record.lastModified).toUTCString(),
        ...versionHeader(world, bucket, object.record),
      },
    }
  },
})
