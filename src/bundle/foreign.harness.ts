import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Whose bundle it shall be; files are paths. */
export interface ForeignBundle {
  readonly image: string
  readonly folder: string
  readonly account: string
  readonly cloudCertificate: string
  readonly userCertificate: string
  readonly userKey: string
  readonly partSize: number
  /** What stands for `architecture`, kernel and the like in machine_configuration. */
  readonly configuration?: string
}

/** How the two published tools differ in what they write. */
const forms = {
  /** The AMI tools: sparse tar, best compression, dashes in the account, apostrophes, their name. */
  aws: {
    tar: ['-c', '-h', '-S', '--owner', '0', '--group', '0'],
    gzip: '-9',
    declaration: '<?xml version="1.0"?>',
    bundler: '<bundler><name>ec2-ami-tools</name><version>1.5</version><release>7</release></bundler>',
    quote: "'",
    account: (account: string) => account.replace(/(....)(....)(....)/, '$1-$2-$3'),
    emptyLastPart: false,
  },
  /** euca2ools: plain tar, and an empty last part when the parts before it are full. */
  euca2ools: {
    tar: ['-c', '--format=gnu'],
    gzip: '-6',
    declaration: "<?xml version='1.0' encoding='UTF-8'?>",
    bundler: '<bundler><name>euca2ools</name><version>3.4.0</version><release>0</release></bundler>',
    quote: '"',
    account: (account: string) => account,
    emptyLastPart: true,
  },
} as const

/** A tool whose bundles are written here. */
export type Bundler = keyof typeof forms

/**
 * Bundles an image in the published form of another tool with tar, gzip and openssl alone: nothing of our own bundler has
 * a part in it. Returns the manifest's path.
 */
export function foreignBundle(bundler: Bundler, request: ForeignBundle): string {
  const form = forms[bundler]
  const { image, folder, partSize } = request
  const name = basename(image)
  mkdirSync(folder, { recursive: true })
  const [key, iv] = [run('openssl', ['rand', '-hex', '16']), run('openssl', ['rand', '-hex', '16'])].map((text) =>
    text.toString().trim(),
  ) as [string, string]
  const tar = run('tar', [...form.tar, '-C', dirname(image), name])
  const encrypted = run('openssl', ['enc', '-e', '-aes-128-cbc', '-K', key, '-iv', iv], run('gzip', [form.gzip], tar))
  const parts: Buffer[] = []
  for (let at = 0; at < encrypted.length; at += partSize) parts.push(encrypted.subarray(at, at + partSize))
  if (form.emptyLastPart && encrypted.length % partSize === 0) parts.push(Buffer.alloc(0))
  const partNames = parts.map((_, index) => `${name}.part.${String(index).padStart(2, '0')}`)
  for (const [index, bytes] of parts.entries()) writeFileSync(join(folder, partNames[index] ?? ''), bytes)
  const wrapped = (digits: string, certificate: string) =>
    run('openssl', ['pkeyutl', '-encrypt', '-certin', '-inkey', certificate], Buffer.from(digits)).toString('hex')
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')
  const attribute = (attributeName: string, value: unknown) => ` ${attributeName}=${form.quote}${value}${form.quote}`
  const digest = (bytes: Buffer) => `<digest${attribute('algorithm', 'SHA1')}>${sha1(bytes)}</digest>`
  const aes = attribute('algorithm', 'AES-128-CBC')
  const partElements = parts.map(
    (bytes, index) =>
      `<part${attribute('index', index)}><filename>${partNames[index]}</filename>${digest(bytes)}</part>`,
  )
  const { configuration = '<architecture>x86_64</architecture>', cloudCertificate, userCertificate } = request
  const signed =
    `<machine_configuration>${configuration}</machine_configuration><image><name>${name}</name>` +
    `<user>${form.account(request.account)}</user><type>machine</type>${digest(tar)}` +
    `<size>${readFileSync(image).length}</size><bundled_size>${encrypted.length}</bundled_size>` +
    `<ec2_encrypted_key${aes}>${wrapped(key, cloudCertificate)}</ec2_encrypted_key>` +
    `<user_encrypted_key${aes}>${wrapped(key, userCertificate)}</user_encrypted_key>` +
    `<ec2_encrypted_iv>${wrapped(iv, cloudCertificate)}</ec2_encrypted_iv>` +
    `<user_encrypted_iv>${wrapped(iv, userCertificate)}</user_encrypted_iv>` +
    `<parts${attribute('count', parts.length)}>${partElements.join('')}</parts></image>`
  const signature = run('openssl', ['dgst', '-sha1', '-sign', request.userKey], Buffer.from(signed)).toString('hex')
  const manifest = join(folder, `${name}.manifest.xml`)
  writeFileSync(
    manifest,
    `${form.declaration}<manifest><version>2007-10-10</version>${form.bundler}${signed}<signature>${signature}</signature></manifest>`,
  )
  return manifest
}

function run(command: string, args: readonly string[], input: Buffer = Buffer.alloc(0)): Buffer {
  return execFileSync(command, args, { input, maxBuffer: 2 ** 28, stdio: ['pipe', 'pipe', 'ignore'] })
}
