import {
  childrenNamed,
  findChild,
  getText,
  MalformedXml,
  readXml,
  type XmlElement,
} from '../../../src/protocol/xml-read.ts'

/** An import that cannot go on. The message is a sentence without full stop, fit for the message of a task. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused'
}

/** A slice of the file that is imported. */
export interface ImportPart {
  /** Offsets in the file; `end` is of its last byte. */
  readonly start: number
  readonly end: number
  /** Presigned, as they were written. */
  readonly headUrl: string
  readonly getUrl: string
}

/** What an import manifest says of the file. */
export interface ImportManifest {
  readonly format: string
  /** Bytes of the disk that the file holds. */
  readonly imageBytes: number
  /** Bytes of the file. */
  readonly fileBytes: number
  /** In the order of their bytes, without gaps. */
  readonly parts: readonly ImportPart[]
}

/** A manifest of 10,000 parts, with three URLs each, has about 10 MB. */
export const largestImportManifest = 16 * 2 ** 20
const mostParts = 20_000

/**
 * Reads an import manifest of version 2010-11-15 (eucalyptus-behaviour.md section 4.1). The parts have to make up one
 * file from its first byte on. Throws ImportRefused.
 */
export function readImportManifest(bytes: Uint8Array): ImportManifest {
  try {
    return manifestOf(readXml(bytes, largestImportManifest))
  } catch (cause) {
    if (!(cause instanceof MalformedXml)) throw cause
    throw new ImportRefused(`The import manifest cannot be read: ${cause.message}`, { cause })
  }
}

function manifestOf(root: XmlElement): ImportManifest {
  if (root.name !== 'manifest') throw new MalformedXml(`it is a ${root.name}`)
  const body = theChild(root, 'import')
  const list = theChild(body, 'parts')
  const count = wholeNumber(list.attributes['count'], 'the count of parts')
  if (count < 1 || count > mostParts) throw new MalformedXml(`${count} is no count of parts`)
  const sent = childrenNamed(list, 'part')
  if (sent.length !== count) throw new MalformedXml(`it has ${sent.length} parts instead of ${count}`)
  const parts: ImportPart[] = []
  for (const element of sent) {
    const index = wholeNumber(element.attributes['index'], 'the index of a part')
    if (index >= count || parts[index]) throw new MalformedXml(`there is no place for a part ${index}`)
    parts[index] = partOf(element)
  }
  let fileBytes = 0
  for (const { start, end } of parts) {
    if (start !== fileBytes || end < start) throw new MalformedXml(`the parts do not follow each other at ${fileBytes}`)
    fileBytes = end + 1
  }
  const imageBytes = wholeNumber(getText(body, 'size'), 'the size')
  return { format: getText(root, 'file-format').trim(), imageBytes, fileBytes, parts }
}

function partOf(part: XmlElement): ImportPart {
  const { start, end } = theChild(part, 'byte-range').attributes
  return {
    start: wholeNumber(start, 'the start of a part'),
    end: wholeNumber(end, 'the end of a part'),
    headUrl: getText(part, 'head-url').trim(),
    getUrl: getText(part, 'get-url').trim(),
  }
}

function theChild(element: XmlElement, name: string): XmlElement {
  const child = findChild(element, name)
  if (!child) throw new MalformedXml(`${element.name} has no ${name}`)
  return child
}

function wholeNumber(text: string | undefined, what: string): number {
  const value = Number(text?.trim())
  if (!text || !/^\s*\d{1,15}\s*$/.test(text)) throw new MalformedXml(`${what} is no number: ${text?.slice(0, 40)}`)
  return value
}
