import { checksumAlgorithms, checksumOfParts } from '../../../src/protocol/signature/checksums.ts'
import { payloadFault } from '../../../src/protocol/signature/payload-faults.ts'
import type { ObjectChecksum, PartRecord, UploadRecord } from '../../objects/records.ts'
import { StoreRefusal } from '../../objects/refusal.ts'
import { fault } from '../faults.ts'
import type { S3Call } from '../operation.ts'
import type { CompletedPart } from './completed-list.ts'
import { checksumMismatch } from './part-checksum.ts'

type Headers = S3Call['headers']

/** Throws InvalidRequest unless the parts have as many bytes as x-amz-mp-object-size says. */
function expectSize(headers: Headers, parts: readonly PartRecord[]): void {
  const sent = headers['x-amz-mp-object-size']
  const size = String(parts.reduce((sum, { data }) => sum + data.size, 0))
  if (sent === undefined || sent.trim() === size) return
  const header = `The provided 'x-amz-mp-object-size' header value ${sent}`
  throw fault('invalidRequest', `${header} does not match what was computed: ${size}`)
}

/** Throws InvalidPart unless each part has the checksums that the list gives it. */
function expectListed(listed: readonly CompletedPart[], parts: readonly PartRecord[]): void {
  const stored = new Map(parts.map(({ partNumber, checksum }) => [partNumber, checksum]))
  const hasOther = listed.find(({ partNumber, checksums }) => {
    const own = stored.get(partNumber)
    return checksums.some(({ algorithm, value }) => own?.algorithm !== algorithm || own.value !== value)
  })
  if (hasOther) throw new StoreRefusal('InvalidPart', `part ${hasOther.partNumber}`)
}

/** Throws InvalidRequest when a composite checksum is to be made of parts that the list gives none. */
function expectAllListed({ algorithm, type }: ObjectChecksum, listed: readonly CompletedPart[]): void {
  const bare = type === 'COMPOSITE' && listed.find(({ checksums }) => checksums.length === 0)
  if (!bare) return
  throw fault(
    'invalidRequest',
    `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${bare.partNumber} in the request.`,
  )
}

/** Throws BadDigest or InvalidRequest unless the checksum and the type that the request names are those of the object. */
function expectNamed(headers: Headers, checksum: ObjectChecksum | undefined): void {
  const algorithm = checksumAlgorithms.find((one) => headers[`x-amz-checksum-${one}`] !== undefined)
  if (algorithm && algorithm !== checksum?.algorithm) throw checksumMismatch(checksum?.algorithm, algorithm)
  const type = headers['x-amz-checksum-type']
  if (type !== undefined && checksum && type.toUpperCase() !== checksum.type) {
    const created = `The upload was created using the ${checksum.type} checksum mode.`
    throw fault('invalidRequest', `${created} The complete request must use the same checksum mode.`)
  }
  if (!algorithm || !checksum) return
  const sent = headers[`x-amz-checksum-${algorithm}`]
  // Of a composite checksum some clients leave out how many parts it is of.
  const isSent = sent === checksum.value || (checksum.type === 'COMPOSITE' && sent === checksum.value.split('-')[0])
  if (!isSent) throw payloadFault('checksum', [algorithm.toUpperCase()])
}

function checksumOf({ checksum }: UploadRecord, parts: readonly PartRecord[]): ObjectChecksum | undefined {
  if (!checksum) return undefined
  const values = parts.map(({ partNumber, checksum: own, data }) => {
    if (own?.algorithm !== checksum.algorithm) throw new StoreRefusal('InvalidPart', `part ${partNumber}`)
    return { value: own.value, size: data.size }
  })
  return { ...checksum, value: checksumOfParts(checksum.algorithm, checksum.type, values) }
}

/**
 * The checksum of the object that an upload makes, and all that a request to complete it says of size and checksums put
 * to the proof (S3 API reference, CompleteMultipartUpload). Throws BadDigest, InvalidPart and InvalidRequest.
 */
export const concluded =
  (headers: Headers, listed: readonly CompletedPart[]) =>
  (upload: UploadRecord, parts: readonly PartRecord[]): ObjectChecksum | undefined => {
    expectSize(headers, parts)
    expectListed(listed, parts)
    const checksum = checksumOf(upload, parts)
    expectNamed(headers, checksum)
    if (checksum) expectAllListed(checksum, listed)
    return checksum
  }
