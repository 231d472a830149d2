import { createHash } from 'node:crypto'
import type { Answer } from '../../src/protocol/xml.ts'
import {
  childrenNamed,
  expectElement,
  findChild,
  findText,
  getText,
  MalformedXml,
  readXml,
  type XmlElement,
} from '../../src/protocol/xml-read.ts'
import type { Expiration, LifecycleFilter, LifecycleRule } from '../objects/lifecycle.ts'
import type { Tag } from '../objects/records.ts'
import { fault } from './faults.ts'

/** S3 API reference, PutBucketLifecycleConfiguration; ObjectStorageGateway.java, setBucketLifecycle. */
const mostRules = 1000
const longestId = 255
const midnights = 86_400_000

const fields = [
  ...['ID', 'Prefix', 'Filter', 'Status', 'Expiration', 'NoncurrentVersionExpiration'],
  ...['AbortIncompleteMultipartUpload', 'Transition', 'NoncurrentVersionTransition'],
]

function wholeNumber(element: XmlElement, name: string): number | undefined {
  const text = findText(element, name)?.trim()
  if (text === undefined) return undefined
  if (!/^-?\d{1,15}$/.test(text)) throw new MalformedXml(`${name} is a whole number`)
  return Number(text)
}

/** A number of days, one at least. */
function daysIn(element: XmlElement, name: string, action: string): number {
  const days = wholeNumber(element, name)
  if (days === undefined) throw new MalformedXml(`${action} has ${name}`)
  if (days < 1) throw fault('invalidArgument', `'${name}' for ${action} action must be a positive integer`)
  if (days >= 2 ** 31) throw new MalformedXml(`${name} is too large`)
  return days
}

/** A date of ISO 8601, which has to be a midnight of UTC; in milliseconds since 1970. */
function dateOf(text: string): number {
  const isDate = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const at = isDate ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw new MalformedXml(`${text} is not a date`)
  if (at % midnights !== 0) throw fault('invalidArgument', "'Date' must be at midnight GMT")
  return at
}

function expirationOf(rule: XmlElement): Expiration | undefined {
  const element = findChild(rule, 'Expiration')
  if (!element) return undefined
  expectElement(element, 'Expiration', 'Days', 'Date', 'ExpiredObjectDeleteMarker')
  const [only, other] = element.children
  if (!only || other) throw new MalformedXml('Expiration has one of Days, Date and ExpiredObjectDeleteMarker')
  if (only.name === 'Days') return { days: daysIn(element, 'Days', 'Expiration') }
  const text = getText(element, only.name).trim()
  if (only.name === 'Date') return { at: dateOf(text) }
  if (text !== 'true' && text !== 'false') throw new MalformedXml('ExpiredObjectDeleteMarker is true or false')
  return text === 'true' ? { aloneDeleteMarkers: true } : undefined
}

function noncurrentOf(rule: XmlElement): LifecycleRule['noncurrent'] {
  const element = findChild(rule, 'NoncurrentVersionExpiration')
  if (!element) return undefined
  expectElement(element, 'NoncurrentVersionExpiration', 'NoncurrentDays', 'NewerNoncurrentVersions')
  const days = daysIn(element, 'NoncurrentDays', 'NoncurrentVersionExpiration')
  const kept = wholeNumber(element, 'NewerNoncurrentVersions')
  if (kept === undefined) return { days }
  if (kept < 1 || kept > 100) {
    const text = "'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be between 1 and 100"
    throw fault('invalidArgument', text)
  }
  return { days, kept }
}

function abortUploadsOf(rule: XmlElement): number | undefined {
  const element = findChild(rule, 'AbortIncompleteMultipartUpload')
  if (!element) return undefined
  expectElement(element, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation')
  return daysIn(element, 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload')
}

/** There is one storage class here: a rule that moves objects elsewhere is refused, once it is known to be one. */
function refuseTransitions(rule: XmlElement): void {
  for (const name of ['Transition', 'NoncurrentVersionTransition']) {
    for (const transition of childrenNamed(rule, name)) {
      const date = findText(transition, 'Date')
      if (date !== undefined) dateOf(date.trim())
      throw fault('notImplemented', name)
    }
  }
}

const tagOf = (tag: XmlElement): Tag => {
  expectElement(tag, 'Tag', 'Key', 'Value')
  return { key: getText(tag, 'Key'), value: getText(tag, 'Value') }
}

/**
 * The conditions in a Filter or its And, all of which count. AWS refuses several outside of And; they are taken here, as
 * RGW takes them.
 */
function conditionsIn(element: XmlElement): Omit<LifecycleFilter, 'prefix'> & { readonly prefix?: string } {
  const prefix = findText(element, 'Prefix')
  const above = wholeNumber(element, 'ObjectSizeGreaterThan')
  const below = wholeNumber(element, 'ObjectSizeLessThan')
  const tags = childrenNamed(element, 'Tag').map(tagOf)
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw fault('invalidRequest', 'Duplicate Tag Keys are not allowed.')
  }
  if (above !== undefined && below !== undefined && above >= below) {
    throw fault('invalidRequest', "'ObjectSizeGreaterThan' has to be a value less than 'ObjectSizeLessThan'.")
  }
  return {
    ...(prefix !== undefined && { prefix }),
    ...{ tags },
    ...(above !== undefined && { above }),
    ...(below !== undefined && { below }),
  }
}

function filterOf(rule: XmlElement): Pick<LifecycleRule, 'filter' | 'form'> {
  const own = findText(rule, 'Prefix')
  const element = findChild(rule, 'Filter')
  if ((own === undefined) === (element === undefined)) throw new MalformedXml('a rule has a Filter or a Prefix')
  if (!element) return { filter: { prefix: own ?? '', tags: [] }, form: 'prefix' }
  const conditions = ['Prefix', 'Tag', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan']
  expectElement(element, 'Filter', ...conditions, 'And')
  const and = findChild(element, 'And')
  if (and) expectElement(and, 'And', ...conditions)
  const outside = conditionsIn(element)
  const inside = and ? conditionsIn(and) : { tags: [] }
  const tags = [...outside.tags, ...inside.tags]
  const filter = { prefix: '', ...outside, ...inside, tags }
  return { filter, form: and || element.children.length > 1 ? 'and' : 'one' }
}

function ruleOf(element: XmlElement): LifecycleRule {
  expectElement(element, 'Rule', ...fields)
  const status = getText(element, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw new MalformedXml('Status is Enabled or Disabled')
  const expiration = expirationOf(element)
  const noncurrent = noncurrentOf(element)
  const abortUploads = abortUploadsOf(element)
  refuseTransitions(element)
  const hasAction = ['Expiration', 'NoncurrentVersionExpiration', 'AbortIncompleteMultipartUpload'].some((name) =>
    findChild(element, name),
  )
  if (!hasAction) throw fault('invalidRequest', 'At least one action needs to be specified in a rule.')
  const { filter, form } = filterOf(element)
  if (abortUploads !== undefined && filter.tags.length) {
    throw fault('invalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Tags.')
  }
  if (expiration && 'aloneDeleteMarkers' in expiration && filter.tags.length) {
    throw fault('invalidRequest', 'ExpiredObjectDeleteMarker cannot be specified with Tags.')
  }
  return {
    id: findText(element, 'ID') ?? '',
    isEnabled: status === 'Enabled',
    ...{ filter, form },
    ...(expiration && { expiration }),
    ...(noncurrent && { noncurrent }),
    ...(abortUploads !== undefined && { abortUploads }),
  }
}

/** A rule that came without an id gets one by what it says, and by its place. */
const withId = (rule: LifecycleRule, index: number): LifecycleRule =>
  rule.id
    ? rule
    : {
        ...rule,
        id: createHash('sha256')
          .update(`${index} ${JSON.stringify(rule)}`)
          .digest('hex')
          .slice(0, 32),
      }

/**
 * Reads a LifecycleConfiguration, alike in both fidelities: Eucalyptus follows no more of a rule than its prefix and its
 * expiration, but takes the rest (ObjectStoragePUTBinding.java), and to expire what a filter keeps would help nobody.
 * Throws MalformedXML, InvalidArgument, InvalidRequest and NotImplemented.
 */
export function lifecycleOf(content: Buffer): LifecycleRule[] {
  const configuration = readXml(content, content.length)
  expectElement(configuration, 'LifecycleConfiguration', 'Rule')
  const elements = childrenNamed(configuration, 'Rule')
  if (elements.length === 0 || elements.length > mostRules) throw fault('malformedXml')
  const rules = elements.map(ruleOf).map(withId)
  const ids = rules.map(({ id }) => id)
  if (ids.some((id) => id.length > longestId)) throw fault('invalidArgument', 'ID length should not exceed 255')
  if (new Set(ids).size < ids.length) {
    throw fault('invalidArgument', 'RuleId must be unique. Found same ID for more than one rule.')
  }
  return rules
}

function filterFields({ filter, form }: LifecycleRule): { [name: string]: Answer } {
  const { prefix, tags, above, below } = filter
  if (form === 'prefix') return { Prefix: prefix }
  const conditions = {
    Prefix: prefix === '' ? undefined : prefix,
    Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ObjectSizeGreaterThan: above,
    ObjectSizeLessThan: below,
  }
  return { Filter: form === 'and' ? { And: conditions } : conditions }
}

function expirationFields(expiration: Expiration | undefined): Answer {
  if (!expiration) return undefined
  if ('days' in expiration) return { Days: expiration.days }
  return 'at' in expiration ? { Date: new Date(expiration.at) } : { ExpiredObjectDeleteMarker: true }
}

/** The fields of a LifecycleConfiguration. */
export function lifecycleFields(rules: readonly LifecycleRule[]): { [name: string]: Answer } {
  return {
    Rule: rules.map((rule) => {
      const { id, isEnabled, expiration, noncurrent, abortUploads } = rule
      return {
        ID: id,
        ...filterFields(rule),
        Status: isEnabled ? 'Enabled' : 'Disabled',
        Expiration: expirationFields(expiration),
        NoncurrentVersionExpiration: noncurrent && {
          NoncurrentDays: noncurrent.days,
          NewerNoncurrentVersions: noncurrent.kept,
        },
        AbortIncompleteMultipartUpload: abortUploads === undefined ? undefined : { DaysAfterInitiation: abortUploads },
      }
    }),
  }
}
