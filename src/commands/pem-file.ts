import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CommandFailed } from './data-folder.ts'

/** The text of a file with an RSA private key, without a passphrase. Throws CommandFailed for any other. */
export const privateKeyFile = (path: string): Promise<string> =>
  pemFile(path, createPrivateKey, 'no RSA private key in PEM form, or has a passphrase')

/** The text of a file with a certificate of an RSA key. Throws CommandFailed for any other. */
export const certificateFile = (path: string): Promise<string> =>
  pemFile(path, createPublicKey, 'no certificate of an RSA key in PEM form')

/** Looked at before a bundle is made: its end, where the key is needed, is too late. */
async function pemFile(path: string, read: (text: string) => KeyObject, otherwise: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  let type: string | undefined
  try {
    type = read(text).asymmetricKeyType
  } catch (cause) {
    throw new CommandFailed(`${path} holds ${otherwise}`, { cause })
  }
  if (type !== 'rsa') throw new CommandFailed(`${path} holds ${otherwise}`)
  return text
}
