import { escapeXml } from '../protocol/xml.ts'
import { type PartSet, partName } from './bundler.ts'
import { sign, wrap } from './cipher.ts'
import { type ImageKind, signedText } from './manifest.ts'

/** What a manifest says beyond the parts: whose image it is, what it is for and who may decrypt it. */
export interface ManifestDescription {
  /** The bundle's name, when it differs from the one the parts were made with: the parts' names follow it. */
  readonly name?: string
  readonly accountId: string
  readonly kind: ImageKind
  readonly architecture: string
  readonly kernelId?: string
  readonly ramdiskId?: string
  /** Virtual name (ami, root, swap, ephemeralN) to device. Machine images only. */
  readonly blockDeviceMapping?: Readonly<Record<string, string>>
  readonly productCodes?: readonly string[]
  /** PEM, a certificate or a public key, as all the following. */
  readonly cloudCertificate: string
  /** Without it the user's fields stay empty and only the cloud can decrypt the bundle. */
  readonly userCertificate?: string
  /** Without it the manifest is UNSIGNED. */
  readonly userPrivateKey?: string
}

/**
 * The manifest of a set of parts, element for element as euca2ools writes it. Parts can be described again for another
 * cloud or name without reading the image: only the AES key is wrapped anew.
 */
export function writeManifest(set: PartSet, description: ManifestDescription): string {
  const body = machineConfiguration(description) + imageElement(set, description)
  const signature = description.userPrivateKey ? sign(signedText(body), description.userPrivateKey) : 'UNSIGNED'
  const bundler = '<bundler><name>euca-emu</name><version>1</version><release>0</release></bundler>'
  const content = `<version>2007-10-10</version>${bundler}${body}<signature>${signature}</signature>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<manifest>${content}</manifest>`
}

function machineConfiguration(description: ManifestDescription): string {
  const { kind, architecture, blockDeviceMapping = {}, productCodes = [] } = description
  const mappings = Object.entries(blockDeviceMapping)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([virtual, device]) => element('mapping', element('virtual', text(virtual)) + element('device', text(device))))
  const codes = productCodes.map((code) => element('product_code', text(code)))
  const isMachine = kind === 'machine'
  return element(
    'machine_configuration',
    element('architecture', text(architecture)) +
      (isMachine && mappings.length > 0 ? element('block_device_mapping', mappings.join('')) : '') +
      (isMachine && codes.length > 0 ? element('product_codes', codes.join('')) : '') +
      idElement('kernel_id', kind === 'kernel' ? 'true' : isMachine ? description.kernelId : undefined) +
      idElement('ramdisk_id', kind === 'ramdisk' ? 'true' : isMachine ? description.ramdiskId : undefined),
  )
}

function imageElement(set: PartSet, description: ManifestDescription): string {
  const { name = set.name, accountId, kind, cloudCertificate, userCertificate } = description
  const aes = ' algorithm="AES-128-CBC"'
  const forUser = (hexDigits: string) => (userCertificate ? wrap(hexDigits, userCertificate) : '')
  const parts = set.parts.map(({ sha1 }, index) => {
    const content = element('filename', text(partName(name, index))) + element('digest', sha1, ' algorithm="SHA1"')
    return element('part', content, ` index="${index}"`)
  })
  return element(
    'image',
    element('name', text(name)) +
      element('user', text(accountId.replaceAll('-', ''))) +
      element('type', kind) +
      element('digest', set.digest, ' algorithm="SHA1"') +
      element('size', String(set.size)) +
      element('bundled_size', String(set.bundledSize)) +
      element('ec2_encrypted_key', wrap(set.secret.key, cloudCertificate), aes) +
      element('user_encrypted_key', forUser(set.secret.key), aes) +
      element('ec2_encrypted_iv', wrap(set.secret.iv, cloudCertificate)) +
      element('user_encrypted_iv', forUser(set.secret.iv)) +
      element('parts', parts.join(''), ` count="${parts.length}"`),
  )
}

function idElement(name: string, id: string | undefined): string {
  return id === undefined ? '' : element(name, text(id))
}

function element(name: string, content: string, attributes = ''): string {
  return `<${name}${attributes}>${content}</${name}>`
}

const text = escapeXml
