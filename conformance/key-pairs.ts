import { text } from '../src/client/xml.ts'
import type { Tools } from './tools.ts'

/** Makes a key pair of the administrator's account, which is deleted after the case. */
export async function makeKeyPair(tools: Tools): Promise<{ name: string; fingerprint: string }> {
  const { ec2 } = tools.administrator
  const name = tools.name('key')
  const made = await ec2.call('CreateKeyPair', { KeyName: name })
  tools.later(`key pair ${name}`, () => ec2.call('DeleteKeyPair', { KeyName: name }))
  return { name, fingerprint: text(made, 'keyFingerprint') ?? '' }
}
