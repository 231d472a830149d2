import type { Answer } from '../../src/protocol/xml.ts'
import { childrenNamed, expectElement, findText, readXml, type XmlElement } from '../../src/protocol/xml-read.ts'
import type { CorsRule } from '../objects/records.ts'
import { corsMethods } from './cors.ts'
import { fault } from './faults.ts'

/** S3 API reference, PutBucketCors; ObjectStorageGateway.java, setBucketCors. */
const mostRules = 100
const longestId = 255

/** The texts of the children of a name, of which one at least has to be there. */
function someTexts(rule: XmlElement, name: string): string[] {
  const texts = childrenNamed(rule, name).map(({ text }) => text)
  if (texts.length === 0) throw fault('corsMissing', name)
  return texts
}

function expectOneStar(name: string, patterns: readonly string[]): void {
  const bad = patterns.find((pattern) => pattern.split('*').length > 2)
  if (bad !== undefined) throw fault('invalidRequest', `${name} "${bad}" can not have more than one wildcard.`)
}

/** Seconds; a whole number that is not negative. */
function maxAgeOf(rule: XmlElement): number | undefined {
  const text = findText(rule, 'MaxAgeSeconds')?.trim()
  if (text === undefined) return undefined
  if (/^-\d+$/.test(text)) throw fault('invalidArgument', 'Invalid CORS rule: MaxAgeSeconds cannot be negative')
  if (!/^\d{1,10}$/.test(text)) throw fault('malformedXml')
  return Number(text)
}

function ruleOf(element: XmlElement): CorsRule {
  const fields = ['ID', 'AllowedOrigin', 'AllowedMethod', 'AllowedHeader', 'ExposeHeader', 'MaxAgeSeconds']
  expectElement(element, 'CORSRule', ...fields)
  const id = findText(element, 'ID')
  const origins = someTexts(element, 'AllowedOrigin')
  const methods = someTexts(element, 'AllowedMethod')
  const headers = childrenNamed(element, 'AllowedHeader').map(({ text }) => text)
  const exposed = childrenNamed(element, 'ExposeHeader').map(({ text }) => text)
  const unsupported = methods.find((method) => !corsMethods.includes(method))
  if (unsupported !== undefined) {
    const found = `Found unsupported HTTP method in CORS config. Unsupported method is ${unsupported}`
    throw fault('invalidRequest', found)
  }
  expectOneStar('AllowedOrigin', origins)
  expectOneStar('AllowedHeader', headers)
  // They go into a header of answers as they are.
  const odd = exposed.find((name) => !/^[\w!#$%&'+.^`|~-]+$/.test(name))
  if (odd !== undefined) throw fault('invalidRequest', `ExposeHeader "${odd}" is not the name of a header.`)
  const maxAge = maxAgeOf(element)
  return { ...(id && { id }), origins, methods, headers, exposed, ...(maxAge !== undefined && { maxAge }) }
}

/** Reads a CORSConfiguration. Throws MalformedXML and what each cloud says of rules that cannot be. */
export function corsOf(content: Buffer): CorsRule[] {
  const configuration = readXml(content, content.length)
  expectElement(configuration, 'CORSConfiguration', 'CORSRule')
  const elements = childrenNamed(configuration, 'CORSRule')
  if (elements.length === 0) throw fault('malformedXml')
  if (elements.length > mostRules) throw fault('corsTooMany')
  const rules = elements.map(ruleOf)
  const ids = rules.flatMap(({ id }) => id ?? [])
  if (ids.some((id) => id.length > longestId)) throw fault('invalidArgument', 'ID length should not exceed 255')
  if (new Set(ids).size < ids.length) throw fault('invalidArgument', 'RuleId must be unique.')
  return rules
}

/** The fields of a CORSConfiguration. */
export function corsFields(rules: readonly CorsRule[]): { [name: string]: Answer } {
  return {
    CORSRule: rules.map(({ id, origins, methods, headers, exposed, maxAge }) => ({
      ID: id,
      AllowedMethod: [...methods],
      AllowedOrigin: [...origins],
      AllowedHeader: [...headers],
      ExposeHeader: [...exposed],
      MaxAgeSeconds: maxAge,
    })),
  }
}
