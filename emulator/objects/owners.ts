import type { Data, ObjectChecksum, ObjectRecord, PlainChecksum, UploadRecord } from './records.ts'
import type { Tables } from './tables.ts'
import { partsOf } from './uploads.ts'
import { isDeleteMarker, versionIdOf } from './versions.ts'

/** A record that has bytes: an object, one of its older versions, or a part of an upload. */
export interface DataOwner {
  /** For a person: `object bucket/key`. */
  readonly what: string
  readonly data: Data
  readonly etag: string
  readonly checksum?: ObjectChecksum | PlainChecksum | undefined
  /** What has to go when the bytes are no good: the version of an object, or the whole upload of a part. */
  readonly of:
    | { readonly kind: 'version'; readonly bucket: string; readonly key: string; readonly versionId: string }
    | { readonly kind: 'upload'; readonly bucket: string; readonly key: string; readonly uploadId: string }
}

const versionOf = (record: ObjectRecord): DataOwner => {
  const { bucket, key, data, etag, checksum } = record
  const versionId = versionIdOf(record)
  const name = record.versionId === undefined ? '' : ` version ${versionId}`
  return {
    what: `object ${bucket}/${key}${name}`,
    ...{ data, etag, checksum },
    of: { kind: 'version', bucket, key, versionId },
  }
}

function* ownersOfUpload(tables: Tables, upload: UploadRecord): Generator<DataOwner> {
  const { bucket, key, uploadId } = upload
  for (const { partNumber, data, etag, checksum } of partsOf({ tables }, uploadId)) {
    yield {
      what: `part ${partNumber} of upload ${uploadId} of ${bucket}/${key}`,
      ...{ data, etag, checksum },
      of: { kind: 'upload', bucket, key, uploadId },
    }
  }
}

/** All records that have bytes. */
export function* dataOwners(tables: Tables): Generator<DataOwner> {
  for (const { value } of tables.objects.getRange()) yield versionOf(value)
  for (const { value } of tables.versions.getRange()) if (!isDeleteMarker(value)) yield versionOf(value)
  for (const { value } of tables.uploads.getRange()) yield* ownersOfUpload(tables, value)
}
