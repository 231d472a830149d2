/** What an operation may return: text, numbers, flags and dates, nested in objects and arrays. */
export type Answer = string | number | boolean | Date | undefined | Answer[] | { [name: string]: Answer }

/**
 * How a service writes lists: EC2 wraps elements as `<item>`, IAM and STS as `<member>`, S3 repeats the element's own
 * name without a wrapper.
 */
export type Dialect = 'ec2' | 'iam' | 's3'

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

/**
 * Text as XML character data. Characters that XML 1.0 cannot carry become U+FFFD, carriage returns a reference (a
 * parser would turn them into line feeds).
 */
export function escapeXml(value: string): string {
  if (!/[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/.test(value)) return value
  return value
    .toWellFormed()
    .replace(/[&<>"\r]/g, (character) => escapes[character] ?? character)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
}

/** A value as an element (or, in the S3 dialect, several). `undefined` is left out. Dates are ISO 8601. */
export function element(name: string, value: Answer, dialect: Dialect): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return `<${name}>${escapeXml(value)}</${name}>`
  if (value instanceof Date) return `<${name}>${value.toISOString()}</${name}>`
  if (typeof value !== 'object') return `<${name}>${value}</${name}>`
  if (!Array.isArray(value)) return `<${name}>${elements(value, dialect)}</${name}>`
  if (dialect === 's3') return value.map((item) => element(name, item, dialect)).join('')
  const wrapper = dialect === 'ec2' ? 'item' : 'member'
  return `<${name}>${value.map((item) => element(wrapper, item, dialect)).join('')}</${name}>`
}

/** The fields of an object, one element after the other. */
export function elements(fields: { [name: string]: Answer }, dialect: Dialect): string {
  let text = ''
  for (const name in fields) text += element(name, fields[name], dialect)
  return text
}

/** A whole document with its root element and name space. */
export function document(root: string, namespace: string | undefined, content: string): string {
  const xmlns = namespace === undefined ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${xmlns}>${content}</${root}>`
}
