import type { Fidelity } from '../../src/protocol/faults.ts'
import type { Answer } from '../../src/protocol/xml.ts'
import { childrenNamed, expectElement, findChild, getText, MalformedXml, readXml } from '../../src/protocol/xml-read.ts'
import type { ObjectRecord, Tag } from '../objects/records.ts'
import { fault } from './faults.ts'

/** How many tags a thing may have (S3 API reference; ObjectStorageGlobalConfiguration.java, max_tags). */
export const mostTags = { object: 10, bucket: 50 }

/** Characters of Unicode in a key, which has one at least, and in a value. */
const longestKey = 128
const longestValue = 256

/** The characters that tags may have (S3 user guide, object tagging). */
const possible = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

const byKey = (a: Tag, b: Tag) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))

/** The tags in order of their keys. Throws InvalidTag. */
function checkedTags(tags: readonly Tag[], most: number): Tag[] {
  if (tags.length > most) throw fault('tooManyTags', String(most))
  for (const { key, value } of tags) {
    const isKey = key !== '' && [...key].length <= longestKey && possible.test(key)
    if (!isKey) throw fault('invalidTag', 'The TagKey you have provided is invalid')
    if (/^aws:/i.test(key)) throw fault('invalidTag', 'System tags cannot be added/updated by requester')
    const isValue = [...value].length <= longestValue && possible.test(value)
    if (!isValue) throw fault('invalidTag', 'The TagValue you have provided is invalid')
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw fault('invalidTag', 'Cannot provide multiple Tags with the same key')
  }
  return tags.toSorted(byKey)
}

/** Reads a Tagging document. Throws MalformedXML and InvalidTag. */
export function tagsOf(content: Buffer, most: number): Tag[] {
  const tagging = readXml(content, content.length)
  expectElement(tagging, 'Tagging', 'TagSet')
  const set = findChild(tagging, 'TagSet')
  if (!set) throw new MalformedXml('Tagging has a TagSet')
  expectElement(set, 'TagSet', 'Tag')
  const tags = childrenNamed(set, 'Tag').map((tag): Tag => {
    expectElement(tag, 'Tag', 'Key', 'Value')
    return { key: getText(tag, 'Key'), value: getText(tag, 'Value') }
  })
  return checkedTags(tags, most)
}

/** Reads the header x-amz-tagging, which is written like a query. Throws InvalidArgument and InvalidTag. */
function tagsInHeader(header: string): Tag[] {
  const tags = [...new URLSearchParams(header)].map(([key, value]): Tag => ({ key, value }))
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    const expected = 'shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.'
    throw fault('invalidArgument', `The header 'x-amz-tagging' ${expected}`)
  }
  return checkedTags(tags, mostTags.object)
}

/**
 * The tags that a new object gets by the headers of its request. Eucalyptus has no tags on objects and does not look at
 * the header (eucalyptus-behaviour.md section 10.1). Throws InvalidArgument and InvalidTag.
 */
export function tagsToStore(
  headers: Readonly<Record<string, string | undefined>>,
  fidelity: Fidelity,
): Pick<ObjectRecord, 'tags'> {
  const header = headers['x-amz-tagging']
  const tags = header && fidelity === 'aws' ? tagsInHeader(header) : []
  return tags.length ? { tags } : {}
}

/** The fields of a Tagging document. */
export function tagFields(tags: readonly Tag[]): { [name: string]: Answer } {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } }
}

/** How many tags an object has, as GET and HEAD say it when there are any. */
export function tagCountHeader({ tags }: Pick<ObjectRecord, 'tags'>): Record<string, string> {
  return tags?.length ? { 'x-amz-tagging-count': String(tags.length) } : {}
}
