import { checksumAlgorithms } from '../../../src/protocol/signature/checksums.ts'
import {
  childrenNamed,
  expectElement,
  findText,
  getText,
  readXml,
  type XmlElement,
} from '../../../src/protocol/xml-read.ts'
import type { PlainChecksum } from '../../objects/records.ts'
import type { ListedPart } from '../../objects/uploads.ts'
import { fault } from '../faults.ts'

/** Room for 10,000 parts with checksums (threats.md, E1). */
export const largestList = 4 * 1024 * 1024

/** A part as a client lists it, with the checksums that it says the part has. */
export interface CompletedPart extends ListedPart {
  readonly checksums: readonly PlainChecksum[]
}

const elementOf = (algorithm: string) => `Checksum${algorithm.toUpperCase()}`

const partFields = ['PartNumber', 'ETag', ...checksumAlgorithms.map(elementOf)]

function completedPart(part: XmlElement): CompletedPart {
  expectElement(part, 'Part', ...partFields)
  const partNumber = Number(getText(part, 'PartNumber').trim())
  if (!Number.isSafeInteger(partNumber) || partNumber < 1) throw fault('malformedXml')
  const checksums = checksumAlgorithms.flatMap((algorithm) => {
    const value = findText(part, elementOf(algorithm))?.trim()
    return value ? [{ algorithm, value }] : []
  })
  return { partNumber, etag: getText(part, 'ETag').trim().replaceAll('"', ''), checksums }
}

/** Reads the document that lists the parts of an object. Throws MalformedXML. */
export function completedParts(content: Buffer): CompletedPart[] {
  const list = readXml(content, largestList)
  expectElement(list, 'CompleteMultipartUpload', 'Part')
  const parts = childrenNamed(list, 'Part').map(completedPart)
  if (parts.length === 0) throw fault('malformedXml')
  return parts
}
