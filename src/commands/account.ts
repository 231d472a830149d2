import { adminCall, type DataFolder } from './data-folder.ts'

interface CreatedAccount {
  readonly id: string
  readonly name: string
  readonly canonicalId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** PEM; the private key is given away here and kept nowhere. */
  readonly certificate: string
  readonly privateKey: string
}

/** Makes an account; the text tells its number, canonical id, access key and certificate. */
export async function createAccount(folder: DataFolder, name: string, json: boolean): Promise<string> {
  const made = await adminCall<CreatedAccount>(folder, 'accounts', { name })
  if (json) return `${JSON.stringify(made, undefined, 2)}\n`
  const { id, canonicalId, accessKeyId, secretAccessKey, certificate, privateKey } = made
  return [
    `account            ${id}  ${made.name}`,
    `canonical id       ${canonicalId}`,
    `access key id      ${accessKeyId}`,
    `secret access key  ${secretAccessKey}`,
    `${certificate}${privateKey}`,
  ].join('\n')
}
