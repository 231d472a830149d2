import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An XML document that is refused: not well-formed, too deep, or not of the form that is expected. */
export class MalformedXml extends Error {
  override readonly name = 'MalformedXml'
}

/** An element with its text exactly as sent, references decoded. Names are without their prefix. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** The character data, all of it when there are no children; white space is kept. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** How deep elements may be nested (threats.md, E1). */
const deepest = 16

const namedReferences: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Decodes the five named references and numeric ones; everything else that begins with `&` is malformed. */
function decodeReferences(text: string): string {
  return text.replace(/&([^;&]{0,12})(;?)/g, (whole, name: string, end: string) => {
    const named = Object.hasOwn(namedReferences, name) ? namedReferences[name] : undefined
    if (end && named !== undefined) return named
    const [, hex, decimal] = /^#(?:x([0-9a-f]+)|([0-9]+))$/i.exec(name) ?? []
    const code = hex ? Number.parseInt(hex, 16) : Number.parseInt(decimal ?? '', 10)
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    if (!end || !isCharacter) throw new MalformedXml(`${whole} is not a character`)
    return String.fromCodePoint(code)
  })
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * CDATA sections become escaped text, and carriage returns in content references, because the parser would turn them
 * into line feeds and would join CDATA with text whose references are still to be decoded. Comments go. Text outside
 * the root, which the parser would drop, and too deep a nesting are refused.
 */
function prepare(text: string): string {
  const escaped = text.replace(/<!\[CDATA\[(.*?)\]\]>/gs, (_, content: string) =>
    content.replace(/[&<>]/g, (character) => escapes[character] ?? character),
  )
  let depth = 0
  return escaped.replace(/<!--.*?-->/gs, '').replace(/<[^<>]*>|[^<]+/g, (token) => {
    if (!token.startsWith('<')) {
      if (depth === 0 && token.trim() !== '') throw new MalformedXml('there is text outside the root element')
      return depth > 0 ? token.replaceAll('\r', '&#13;') : token
    }
    if (token.startsWith('</')) depth -= 1
    else if (!token.startsWith('<?') && !token.endsWith('/>')) depth += 1
    if (depth > deepest) throw new MalformedXml(`elements are nested more than ${deepest} deep`)
    return token
  })
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  processEntities: false,
  htmlEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  removeNSPrefix: true,
})

type Node = Readonly<Record<string, unknown>>

function elementOf(node: Node): XmlElement {
  const name = Object.keys(node).find((key) => key !== ':@') ?? ''
  const nodes = node[name]
  if (!Array.isArray(nodes)) throw new MalformedXml(`${name} is not an element`)
  const attributes = Object.entries(node[':@'] ?? {}).map(([key, value]) => [key, decodeReferences(String(value))])
  const text = nodes.map((child: Node) => ('#text' in child ? String(child['#text']) : '')).join('')
  const children = nodes.filter((child: Node) => !('#text' in child)).map(elementOf)
  return { name, attributes: Object.fromEntries(attributes), text: decodeReferences(text), children }
}

/**
 * Reads a document of at most `maxBytes` bytes of UTF-8. Everything clever is refused or switched off: document types,
 * entities, numbers, trimming (threats.md, E1-X). Throws MalformedXml.
 */
export function readXml(bytes: Uint8Array, maxBytes: number): XmlElement {
  if (bytes.length > maxBytes) throw new MalformedXml(`the document has more than ${maxBytes} bytes`)
  const text = decodeText(bytes)
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new MalformedXml('document types are refused')
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new MalformedXml('control characters are refused')
  const prepared = prepare(text)
  const valid = XMLValidator.validate(prepared)
  if (valid !== true) throw new MalformedXml(`line ${valid.err.line}: ${valid.err.msg}`)
  const [root, ...others] = parse(prepared).filter((node) => !('#text' in node && String(node['#text']).trim() === ''))
  if (!root || '#text' in root || others.length) throw new MalformedXml('a document has exactly one root element')
  return elementOf(root)
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch (cause) {
    throw new MalformedXml('the document is not UTF-8', { cause })
  }
}

function parse(text: string): Node[] {
  try {
    return parser.parse(text)
  } catch (cause) {
    throw new MalformedXml(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Throws MalformedXml unless the element has the given name and no children but those named. */
export function expectElement(element: XmlElement, name: string, ...children: string[]): void {
  if (element.name !== name) throw new MalformedXml(`expected ${name}, not ${element.name}`)
  const stranger = element.children.find((child) => !children.includes(child.name))
  if (stranger) throw new MalformedXml(`${name} has no ${stranger.name}`)
  if (element.children.length && element.text.trim() !== '')
    throw new MalformedXml(`${name} has text beside its fields`)
}

/** The children of a name. */
export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

/** The only child of a name, if there is one. Throws MalformedXml when there are more. */
export function findChild(element: XmlElement, name: string): XmlElement | undefined {
  const [child, second] = childrenNamed(element, name)
  if (second) throw new MalformedXml(`${element.name} has more than one ${name}`)
  return child
}

/** The text of the only child of a name; undefined when there is none. Throws MalformedXml. */
export function findText(element: XmlElement, name: string): string | undefined {
  const child = findChild(element, name)
  if (child?.children.length) throw new MalformedXml(`${name} is a text`)
  return child?.text
}

/** The text of the only child of a name. Throws MalformedXml when there is none. */
export function getText(element: XmlElement, name: string): string {
  const text = findText(element, name)
  if (text === undefined) throw new MalformedXml(`${element.name} has no ${name}`)
  return text
}
