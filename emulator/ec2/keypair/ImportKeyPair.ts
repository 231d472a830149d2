import { createHash } from 'node:crypto'
import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { colons, isKeyName, keyPairId } from './keypair.ts'
import { parseSshLine } from './ssh.ts'

/**
 * Keeps the public half of a key that the user has: RSA only, `PublicKeyMaterial` is the base64 of an OpenSSH line. The
 * fingerprint is the MD5 of the public key (eucalyptus-behaviour.md section 5.5).
 */
export default operation('ImportKeyPair', {
  input: { KeyName: text, PublicKeyMaterial: text },
  async run(cloud, { KeyName, PublicKeyMaterial }, { caller }) {
    if (!isKeyName(KeyName)) throw fault('keyPairNameInvalid', KeyName)
    const line = Buffer.from(PublicKeyMaterial, 'base64').toString('utf8').trim()
    const key = parseSshLine(line)
    if (!key || /[\r\n]/.test(line)) throw fault('keyFormat')
    const fingerprint = colons(
      createHash('md5')
        .update(key.export({ type: 'spki', format: 'der' }))
        .digest('hex'),
    )
    await cloud.store.change((draft) => {
      const pairs = cloud.keyPairs.in(draft)
      const id = keyPairId(caller.accountId, KeyName)
      if (pairs.get(id)) throw fault('keyPairDuplicate', KeyName)
      pairs.put({ id, ownerId: caller.accountId, name: KeyName, fingerprint, publicKey: line })
    })
    return { keyName: KeyName, keyFingerprint: fingerprint }
  },
})
