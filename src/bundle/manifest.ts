import { readElement, type XmlElement } from './manifest-xml.ts'
import { BundleRefused } from './refusal.ts'

/** What an image is for: a machine image (EMI), a kernel (EKI) or a ramdisk (ERI). */
export type ImageKind = 'machine' | 'kernel' | 'ramdisk'

/** One encrypted part as the manifest names it; it lies beside the manifest. */
export interface ManifestPart {
  readonly filename: string
  /** Hex digest of the encrypted bytes. */
  readonly sha1: string
}

/** A bundle's manifest, read. Sizes are bytes, digests lower-case hex. */
export interface Manifest {
  readonly name: string
  /** The owner's account number. */
  readonly accountId: string
  readonly kind: ImageKind
  readonly architecture?: string
  /** An EKI, or the literal `true` of a kernel bundle. */
  readonly kernelId?: string
  readonly ramdiskId?: string
  readonly blockDeviceMapping: readonly { readonly virtual: string; readonly device: string }[]
  readonly productCodes: readonly string[]
  readonly ancestorImageIds: readonly string[]
  /** Hex SHA-1 of the uncompressed tar stream. */
  readonly digest: string
  /** Bytes of the image. */
  readonly size: number
  /** Bytes of all parts together. */
  readonly bundledSize: number
  /** The AES key and IV, encrypted for the cloud and, unless empty, for the user (hex). */
  readonly encrypted: {
    readonly cloudKey: string
    readonly cloudIv: string
    readonly userKey: string
    readonly userIv: string
  }
  readonly parts: readonly ManifestPart[]
  /** Hex; undefined when the manifest says UNSIGNED or nothing. */
  readonly signature?: string
}

/** No part may be larger (bytes): a part is held in memory until its digest is checked. */
export const largestPart = 64 * 1024 * 1024
const mostParts = 10_000

/**
 * Reads a manifest strictly. What the writers' names are comes from euca2ools (`bundle/manifest.py`) and from what
 * Eucalyptus reads (`ImageManifests.java`). Unknown elements are ignored, repeated or malformed ones refused, and part
 * names that would leave the manifest's folder too. The caller caps the text's size. Throws `BundleRefused`.
 */
export function readManifest(text: string): Manifest {
  const root = readElement(text)
  if (root.name !== 'manifest') throw new BundleRefused(`the manifest's root element is ${root.name}`)
  const machine = child(root, 'machine_configuration')
  const image = required(root, 'image')
  const [kernelId, ramdiskId] = [optionalText(machine, 'kernel_id'), optionalText(machine, 'ramdisk_id')]
  const architecture = optionalText(machine, 'architecture')
  const signature = signatureOf(root)
  const parts = readParts(required(image, 'parts'))
  const bundledSize = wholeNumber(image, 'bundled_size')
  if (bundledSize > parts.length * largestPart) throw new BundleRefused("the manifest's bundled_size exceeds its parts")
  return {
    name: requiredText(image, 'name'),
    accountId: requiredText(image, 'user').replaceAll('-', ''),
    kind: kindOf(optionalText(image, 'type'), kernelId, ramdiskId),
    ...(architecture !== undefined && { architecture }),
    ...(kernelId !== undefined && { kernelId }),
    ...(ramdiskId !== undefined && { ramdiskId }),
    blockDeviceMapping: readMappings(child(machine, 'block_device_mapping')),
    productCodes: texts(child(machine, 'product_codes'), 'product_code'),
    ancestorImageIds: texts(child(image, 'ancestry'), 'ancestor_ami_id'),
    digest: sha1Of(image, 'the image'),
    size: wholeNumber(image, 'size'),
    bundledSize,
    encrypted: {
      cloudKey: hexDigits(image, 'ec2_encrypted_key', true),
      cloudIv: hexDigits(image, 'ec2_encrypted_iv', true),
      userKey: hexDigits(image, 'user_encrypted_key', false),
      userIv: hexDigits(image, 'user_encrypted_iv', false),
    },
    parts,
    ...(signature !== undefined && { signature }),
  }
}

/**
 * The bytes that a manifest's signature covers, exactly as they stand in the document: machine_configuration, then
 * image. Throws `BundleRefused` unless the text has one of each.
 */
export function signedText(text: string): string {
  return serialised(text, 'machine_configuration') + serialised(text, 'image')
}

function serialised(text: string, name: string): string {
  const found = [...text.matchAll(new RegExp(`<${name}(?:\\s[^<>]*)?(?:/>|>[\\s\\S]*?</${name}\\s*>)`, 'g'))]
  const opened = text.match(new RegExp(`<${name}[\\s/>]`, 'g'))?.length
  const [only] = found
  if (!only || found.length !== 1 || opened !== 1) {
    throw new BundleRefused(`the manifest does not have exactly one element ${name} to sign`)
  }
  return only[0]
}

function child(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  const found = parent?.children.filter((element) => element.name === name) ?? []
  if (found.length > 1) throw new BundleRefused(`the manifest has ${found.length} elements ${name} in ${parent?.name}`)
  return found[0]
}

function required(parent: XmlElement, name: string): XmlElement {
  const found = child(parent, name)
  if (!found) throw new BundleRefused(`the manifest lacks the element ${name} in ${parent.name}`)
  return found
}

/**
 * The text of an element. It is a name or a number that goes on into answers, reasons and what clients print, so one with
 * control characters, line ends included, is refused.
 */
function textOf({ name, text }: XmlElement): string {
  if (/[\p{Cc}\u2028\u2029]/u.test(text))
    throw new BundleRefused(`the manifest's element ${name} has control characters`)
  return text
}

/** The text of a child, undefined when the child is missing or empty. */
function optionalText(parent: XmlElement | undefined, name: string): string | undefined {
  const found = child(parent, name)
  return (found && textOf(found)) || undefined
}

function requiredText(parent: XmlElement, name: string): string {
  const text = textOf(required(parent, name))
  if (text === '') throw new BundleRefused(`the manifest's element ${name} is empty`)
  return text
}

function texts(parent: XmlElement | undefined, name: string): string[] {
  return parent?.children.filter((element) => element.name === name).map(textOf) ?? []
}

function wholeNumber(parent: XmlElement, name: string): number {
  const text = requiredText(parent, name)
  if (!/^[0-9]{1,15}$/.test(text))
    throw new BundleRefused(`the manifest's ${name} is ${shown(text)}, not a number of bytes`)
  return Number(text)
}

function hexDigits(parent: XmlElement, name: string, isRequired: boolean): string {
  const text = (isRequired ? requiredText(parent, name) : optionalText(parent, name)) ?? ''
  if (/^(?:[0-9a-f]{2}){0,1024}$/i.test(text)) return text
  throw new BundleRefused(`the manifest's ${name} is not an encrypted key in hex`)
}

function sha1Of(parent: XmlElement, what: string): string {
  const { text, attributes } = required(parent, 'digest')
  const algorithm = attributes['algorithm'] ?? 'SHA1'
  if (algorithm.toUpperCase() === 'SHA1' && /^[0-9a-f]{40}$/i.test(text)) return text.toLowerCase()
  throw new BundleRefused(`the manifest's digest of ${what} is not a SHA1 in hex`)
}

function kindOf(type: string | undefined, kernelId: string | undefined, ramdiskId: string | undefined): ImageKind {
  if (type === 'machine' || type === 'kernel' || type === 'ramdisk') return type
  if (type !== undefined) throw new BundleRefused(`the manifest's type is ${shown(type)}`)
  const marks = ['true', 'yes']
  if (kernelId !== undefined && marks.includes(kernelId)) return 'kernel'
  return ramdiskId !== undefined && marks.includes(ramdiskId) ? 'ramdisk' : 'machine'
}

function readMappings(parent: XmlElement | undefined): { virtual: string; device: string }[] {
  const mappings = parent?.children.filter(({ name }) => name === 'mapping') ?? []
  return mappings.map((mapping) => ({
    virtual: requiredText(mapping, 'virtual'),
    device: requiredText(mapping, 'device'),
  }))
}

function readParts(parent: XmlElement): ManifestPart[] {
  const elements = parent.children.filter(({ name }) => name === 'part')
  const count = parent.attributes['count'] ?? String(elements.length)
  if (count !== String(elements.length)) {
    throw new BundleRefused(`the manifest says ${shown(count)} parts, but lists ${elements.length}`)
  }
  if (elements.length === 0 || elements.length > mostParts) {
    throw new BundleRefused(`a bundle has 1 to ${mostParts} parts, but the manifest lists ${elements.length}`)
  }
  return elements.map((element, index) => {
    if (element.attributes['index'] !== String(index)) {
      throw new BundleRefused(`the manifest's part ${index} has the index ${shown(element.attributes['index'] ?? '')}`)
    }
    const filename = requiredText(element, 'filename')
    if (/[/\\]/.test(filename) || filename === '.' || filename === '..' || filename.length > 1024) {
      throw new BundleRefused(`the manifest's part ${index} has the name ${shown(filename)}`)
    }
    return { filename, sha1: sha1Of(element, `part ${filename}`) }
  })
}

function signatureOf(root: XmlElement): string | undefined {
  const text = optionalText(root, 'signature')
  if (text === undefined || text === 'UNSIGNED') return undefined
  if (!/^(?:[0-9a-f]{2}){1,1024}$/i.test(text)) throw new BundleRefused("the manifest's signature is not hex")
  return text
}

/** A value from outside in a message: quoted and never long. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
