import { XMLParser, XMLValidator } from 'fast-xml-parser'

/**
 * An element's content as plain data: text; a list; or fields by name. An element that holds nothing but `item`s (EC2)
 * or `member`s (IAM) is a list, as are fields of the same name side by side (S3). An empty element is `''`, because
 * nothing tells an empty list from an empty text: read lists with `list`.
 */
export type Xml = string | Xml[] | { [name: string]: Xml }

/** Every guess of the parser is switched off: `0123`, `true` and spaces are what they are; references are ours. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  htmlEntities: false,
  cdataPropName: '#cdata',
})

type Ordered = Record<string, unknown>[]
const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,8}));/g, (reference, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? reference
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  })
}

const textOf = (node: Record<string, unknown>): string => {
  if (typeof node['#text'] === 'string') return decode(node['#text'])
  const cdata = node['#cdata'] as Ordered | undefined
  return cdata ? cdata.map((part) => String(part['#text'] ?? '')).join('') : ''
}

const isText = (node: Record<string, unknown>): boolean => '#text' in node || '#cdata' in node

function content(children: Ordered): Xml {
  const elements = children.filter((node) => !isText(node))
  if (elements.length === 0) return children.map(textOf).join('')
  const fields = new Map<string, Xml[]>()
  for (const element of elements) {
    const name = Object.keys(element)[0] ?? ''
    const values = fields.get(name) ?? []
    values.push(content(element[name] as Ordered))
    fields.set(name, values)
  }
  const [only, values] = [...fields][0] ?? []
  if (fields.size === 1 && values && (only === 'item' || only === 'member')) return values
  return Object.fromEntries(
    [...fields].map(([name, all]): [string, Xml] => [name, all.length === 1 && all[0] !== undefined ? all[0] : all]),
  )
}

/** Characters of a document: a longer one would take gigabytes of memory when it is read. A page of a listing has 1 MiB. */
export const longestDocument = 16 * 2 ** 20

/** Reads a document: the name of its root, and the content. Throws for what is not well-formed, too long, or has a DOCTYPE. */
export function readXml(text: string): { root: string; content: Xml } {
  if (text.length > longestDocument) throw new Error(`not an XML document for us: it has ${text.length} characters`)
  const verdict = XMLValidator.validate(text)
  if (verdict !== true) throw new Error(`not an XML document: ${verdict.err.msg} (line ${verdict.err.line})`)
  if (/<!DOCTYPE/i.test(text)) throw new Error('not an XML document for us: it has a DOCTYPE')
  const document = parser.parse(text) as Ordered
  const element = document.find((node) => !isText(node))
  const root = element && Object.keys(element)[0]
  if (!element || root === undefined) throw new Error('not an XML document: it has no root element')
  return { root, content: content(element[root] as Ordered) }
}

/** The value below a path of field names; undefined when a step is not there. */
export function field(from: Xml | undefined, ...path: string[]): Xml | undefined {
  let value = from
  for (const name of path) {
    if (value === undefined || typeof value === 'string' || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

/** The text below a path; undefined when nothing is there. Throws when a list or fields are there instead. */
export function text(from: Xml | undefined, ...path: string[]): string | undefined {
  const value = field(from, ...path)
  if (value === undefined || typeof value === 'string') return value
  throw new Error(`${path.join('.')} is not text: ${JSON.stringify(value).slice(0, 200)}`)
}

/** The list below a path: empty for an empty or absent element, of one for a field that stands alone. */
export function list(from: Xml | undefined, ...path: string[]): Xml[] {
  const value = field(from, ...path)
  if (value === undefined || value === '') return []
  return Array.isArray(value) ? value : [value]
}
