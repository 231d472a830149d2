/** What stands where a secret stood. */
export const struck = '[struck out]'

/** A name and what separates it from its value, and the value: signatures, which prove little once they have expired. */
const signatures: readonly RegExp[] = [
  // Queries, forms, and the header Authorization of version 4.
  /((?:Signature|Security-?Token|Password|PrivateKey)=)([^&\s"'<>,;]+)/gi,
  // URLs that are parameters themselves.
  /((?:Signature|Security-?Token|Password)%(?:25)*3D)((?:(?!%(?:25)*26)[\w.~*%+-])+)/gi,
  // The header Authorization of version 2.
  /(\bAWS [^\s:]+:)([A-Za-z0-9+/=]+)/g,
  // Forms of several parts, as browsers write them.
  /(name="(?:[\w-]*Signature|[\w-]*Security-Token)"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)([^\r\n]+)/gi,
]

/** The same of what opens a door for long: their values are struck out wherever else they stand, too. */
const keys: readonly RegExp[] = [
  /(<(?:\w+:)?(?:SecretAccessKey|SessionToken|KeyMaterial|Password|PasswordData|PrivateKey)(?:\s[^>]*)?>)([^<]+)/gi,
  // In JSON that may itself stand in a text of JSON, as metadata does in the report of a guest.
  /(\\*"(?:SecretAccessKey|SecretKey|SessionToken|Token|Password|KeyMaterial|PrivateKey)\\*"\s*:\s*\\*")([^"\\]+)/gi,
  /((?:Bearer|Basic) )([\w.~+/=-]{8,})/g,
]

const privateKey = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/g

/** Headers whose whole value is a secret. */
const secretHeader =
  /^(?:x-amz-security-token|x-amz-(?:copy-source-)?server-side-encryption-customer-key|x-aws-ec2-metadata-token|(?:set-)?cookie)$/i

/** Whether nothing of a header's value may be shown. */
export const isSecretHeader = (name: string): boolean => secretHeader.test(name)

/** Shorter values are no keys, and words of other texts. */
const shortest = 8

/** The lasting secrets that a text shows by their names: keys, tokens, passwords. */
export const secretsIn = (text: string): string[] =>
  keys.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, , value = '']) => value.trim()))

/** The console of an instance, as GetConsoleOutput answers with it: it may tell what the metadata told the guest. */
const inBase64 = /(<output>)([A-Za-z0-9+/=\s]+)/g

const replaced = (text: string, secrets: readonly string[]): string => {
  let safe = text.replace(privateKey, `$1${struck}`)
  for (const pattern of [...signatures, ...keys]) safe = safe.replace(pattern, `$1${struck}`)
  for (const secret of secrets.filter(({ length }) => length >= shortest)) {
    for (const form of new Set([secret, encodeURIComponent(secret)])) safe = safe.replaceAll(form, struck)
  }
  return safe
}

/**
 * A text without secrets: without these, wherever they stand, and without what its name says to be one. Give it what is
 * read as latin1 for bytes: it changes ASCII only.
 */
export function strikeOut(text: string, secrets: readonly string[] = []): string {
  const consoles = text.replace(inBase64, (whole, element: string, base64: string) => {
    const console = Buffer.from(base64, 'base64').toString('latin1')
    const safe = replaced(console, secrets)
    return safe === console ? whole : element + Buffer.from(safe, 'latin1').toString('base64')
  })
  return replaced(consoles, secrets)
}
