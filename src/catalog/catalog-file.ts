import { dirname, resolve } from 'node:path'

/** One file of an image, whose bytes are fixed. */
export interface OfferedFile {
  /** An absolute path, or an http or https URL. */
  readonly location: string
  /** In hexadecimal, of the file as it is fetched. */
  readonly sha256: string
  /** Bytes of the file as it is fetched. */
  readonly size: number
}

/** What an image of each kind is made of, in the order in which `image add` takes the files. */
export const rolesOf = { hvm: ['disk'], paravirtual: ['root', 'kernel', 'ramdisk'] } as const

/** An image that a catalog file offers. */
export interface OfferedImage {
  readonly name: string
  readonly description: string
  readonly virtualization: 'hvm' | 'paravirtual'
  readonly architecture: 'x86_64' | 'i386'
  /** Whom to log in as with a key pair; undefined where nobody can. */
  readonly login?: string
  /** What its console says when it has booted. */
  readonly bootLine: string
  /** In the order of `rolesOf`. */
  readonly files: readonly OfferedFile[]
}

/** A catalog file that is not one; the message says where it is wrong. */
export class CatalogRefused extends Error {
  override readonly name = 'CatalogRefused'
}

const largestFile = 2 ** 41

/**
 * Reads a catalog file: `{"images": [{"name", "description", "virtualization", "architecture", "login", "bootLine",
 * "files": {"disk": {"location", "sha256", "size"}}}]}`. Locations are seen from `base`, the path or URL that it was read
 * from; a catalog from the network names nothing of this machine. Throws CatalogRefused.
 */
export function parseCatalog(text: string, base: string): OfferedImage[] {
  const document = record(parseJson(text, base), base, ['images'])
  if (!Array.isArray(document['images'])) throw new CatalogRefused(`${base}: "images" is no list`)
  const images = document['images'].map((one, index) => image(one, `${base}: image ${index + 1}`, base))
  const twice = images.find(({ name }, index) => images.findIndex((other) => other.name === name) !== index)
  if (twice) throw new CatalogRefused(`${base}: it has two images named ${twice.name}`)
  return images
}

function parseJson(text: string, base: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CatalogRefused(`${base} is no JSON: ${(error as Error).message}`, { cause: error })
  }
}

type Fields = Record<string, unknown>

function record(value: unknown, where: string, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CatalogRefused(`${where} is no object with ${names.join(', ')}`)
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new CatalogRefused(`${where}: "${unknown}" is none of ${names.join(', ')}`)
  return value as Fields
}

function word(fields: Fields, name: string, where: string, form: RegExp, otherwise?: string): string {
  const value = fields[name] ?? otherwise
  if (typeof value === 'string' && form.test(value)) return value
  throw new CatalogRefused(`${where}: "${name}" is ${JSON.stringify(value)}, which is not of the form ${form.source}`)
}

function image(value: unknown, place: string, base: string): OfferedImage {
  const names = ['name', 'description', 'virtualization', 'architecture', 'login', 'bootLine', 'files']
  const fields = record(value, place, names)
  const name = word(fields, 'name', place, /^[a-z0-9][a-z0-9.-]{2,63}$/)
  const where = `${base}: ${name}`
  const virtualization = word(fields, 'virtualization', where, /^(hvm|paravirtual)$/) as OfferedImage['virtualization']
  const roles = rolesOf[virtualization]
  const files = record(fields['files'], `${where}: "files"`, roles)
  const isWithout = fields['login'] === undefined
  return {
    name,
    description: word(fields, 'description', where, /^[^\p{Cc}]{0,200}$/u, ''),
    virtualization,
    architecture: word(fields, 'architecture', where, /^(x86_64|i386)$/, 'x86_64') as OfferedImage['architecture'],
    ...(!isWithout && { login: word(fields, 'login', where, /^[a-z_][a-z0-9_-]{0,31}$/) }),
    bootLine: word(fields, 'bootLine', where, /^[^\p{Cc}]{3,100}$/u, 'login:'),
    files: roles.map((role) => file(files[role], `${where}: "${role}"`, base)),
  }
}

function file(value: unknown, where: string, base: string): OfferedFile {
  const fields = record(value, where, ['location', 'sha256', 'size'])
  const size = fields['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1 || size > largestFile) {
    throw new CatalogRefused(`${where}: "size" is ${JSON.stringify(size)}, which is no number of bytes`)
  }
  const sha256 = word(fields, 'sha256', where, /^[0-9a-fA-F]{64}$/).toLowerCase()
  return { location: locationOf(word(fields, 'location', where, /^[^\p{Cc}]{1,2000}$/u), base, where), sha256, size }
}

/** Whether something is fetched over the network. */
export const isUrl = (location: string): boolean => /^https?:\/\//i.test(location)

function locationOf(location: string, base: string, where: string): string {
  if (isUrl(base)) {
    const { href, protocol } = URL.canParse(location, base) ? new URL(location, base) : { href: '', protocol: '' }
    if (protocol === 'http:' || protocol === 'https:') return href
    throw new CatalogRefused(
      `${where}: "location" of a catalog from the network is ${location}, which is no http or https URL`,
    )
  }
  if (isUrl(location)) return location
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw new CatalogRefused(`${where}: "location" is ${location}, which is neither a path nor an http or https URL`)
  }
  return resolve(dirname(base), location)
}
