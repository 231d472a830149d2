import { createHash, createPrivateKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { colons, isKeyName, keyPairId } from './keypair.ts'
import { sshLine } from './ssh.ts'

/**
 * Makes an RSA key pair and answers with the private half, which is kept nowhere. The fingerprint is the SHA-1 of the
 * private key in PKCS #8, as in AWS (eucalyptus-behaviour.md section 5.5).
 */
export default operation('CreateKeyPair', {
  input: { KeyName: text, KeyType: optional(text), KeyFormat: optional(text) },
  async run(cloud, { KeyName, KeyType, KeyFormat }, { caller }) {
    if (!isKeyName(KeyName)) throw fault('keyPairNameInvalid', KeyName)
    if (KeyType !== undefined && KeyType !== 'rsa') throw fault('invalidParameterValue', KeyType, 'KeyType')
    if (KeyFormat !== undefined && KeyFormat !== 'pem') throw fault('invalidParameterValue', KeyFormat, 'KeyFormat')
    const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    })
    const pkcs8 = createPrivateKey(privateKey).export({ type: 'pkcs8', format: 'der' })
    const fingerprint = colons(createHash('sha1').update(pkcs8).digest('hex'))
    await cloud.store.change((draft) => {
      const pairs = cloud.keyPairs.in(draft)
      const id = keyPairId(caller.accountId, KeyName)
      if (pairs.get(id)) throw fault('keyPairDuplicate', KeyName)
      pairs.put({ id, ownerId: caller.accountId, name: KeyName, fingerprint, publicKey: sshLine(publicKey, KeyName) })
    })
    return { keyName: KeyName, keyFingerprint: fingerprint, keyMaterial: privateKey.trimEnd() }
  },
})
