import assert from 'node:assert/strict'
import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { sshLine } from '../../key-pairs.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source = 'eucalyptus-behaviour.md sections 1.5 and 5.5; EC2 API Reference'
const base = { level: 'MUST', needs: ['key-pairs'], source, seconds: 1 } as const
const notFound = refusal('InvalidKeyPair.NotFound', 400)
const colons = (hex: string) => hex.replace(/..(?=.)/g, '$&:')

/** A name for a key pair, which is deleted after the case. */
function keyName(tools: Tools): string {
  const KeyName = tools.name('key')
  tools.later(`key pair ${KeyName}`, () => tools.administrator.ec2.call('DeleteKeyPair', { KeyName }))
  return KeyName
}

/** The line that ssh keeps in a file `.pub`, of a new RSA key, and the public key in DER. */
function publicKey(): { line: string; der: Buffer } {
  const { publicKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { line: `${sshLine(key)} someone@somewhere`, der: key.export({ type: 'spki', format: 'der' }) }
}

const creation: Case = defineCase({
  ...base,
  id: 'key-pairs/created',
  title: 'a made key pair comes as an RSA private key whose SHA-1 is its fingerprint; its name is then taken',
  covers: ['CreateKeyPair', 'DescribeKeyPairs'],
  smoke: true,
  async run(tools) {
    const { ec2 } = tools.administrator
    const KeyName = keyName(tools)
    const made = await ec2.call('CreateKeyPair', { KeyName })
    const key = createPrivateKey(text(made, 'keyMaterial') ?? '')
    assert.equal(key.asymmetricKeyType, 'rsa')
    const der = key.export({ type: 'pkcs8', format: 'der' })
    const fingerprint = colons(createHash('sha1').update(der).digest('hex'))
    assert.equal(text(made, 'keyFingerprint'), fingerprint)
    const described = list(await ec2.call('DescribeKeyPairs', { KeyName: [KeyName] }), 'keySet')
    const shown = described.map((pair) => [
      text(pair, 'keyName'),
      text(pair, 'keyFingerprint'),
      text(pair, 'keyMaterial'),
    ])
    assert.deepEqual(shown, [[KeyName, fingerprint, undefined]])
    await tools.refuses(ec2.call('CreateKeyPair', { KeyName }), refusal('InvalidKeyPair.Duplicate', 400))
  },
})

const importing: Case = defineCase({
  ...base,
  id: 'key-pairs/imported',
  title: 'an imported public key has its MD5 as fingerprint; what is no RSA key is refused',
  covers: ['ImportKeyPair', 'DescribeKeyPairs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const KeyName = keyName(tools)
    const { line, der } = publicKey()
    const material = (content: string) => ({ KeyName, PublicKeyMaterial: Buffer.from(content).toString('base64') })
    for (const bad of ['no key', `ssh-rsa ${Buffer.from('no key').toString('base64')}`]) {
      await tools.refuses(ec2.call('ImportKeyPair', material(bad)), refusal('InvalidKey.Format', 400))
    }
    const look = async () => list(await ec2.call('DescribeKeyPairs', { KeyName: [KeyName] }), 'keySet')
    await tools.refuses(look(), notFound)
    const fingerprint = colons(createHash('md5').update(der).digest('hex'))
    const imported = await ec2.call('ImportKeyPair', material(line))
    assert.equal(text(imported, 'keyFingerprint'), fingerprint)
    await tools.refuses(ec2.call('ImportKeyPair', material(publicKey().line)), refusal('InvalidKeyPair.Duplicate', 400))
    const shown = (await look()).map((pair) => text(pair, 'keyFingerprint'))
    assert.deepEqual(shown, [fingerprint])
  },
})

const deletion: Case = defineCase({
  ...base,
  id: 'key-pairs/deleted',
  title: 'a deleted key pair is gone; deleting it again is no fault',
  covers: ['DeleteKeyPair', 'DescribeKeyPairs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const KeyName = keyName(tools)
    const remove = async () => text(await ec2.call('DeleteKeyPair', { KeyName }), 'return')
    await ec2.call('CreateKeyPair', { KeyName })
    assert.equal(await remove(), 'true')
    await tools.refuses(ec2.call('DescribeKeyPairs', { KeyName: [KeyName] }), notFound)
    assert.equal(await remove(), tools.of({ eucalyptus: 'false', aws: 'true' }))
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'key-pairs/belong-to-an-account',
  title: 'a key pair is seen and deleted by its own account only',
  covers: ['CreateKeyPair', 'DescribeKeyPairs', 'DeleteKeyPair'],
  needs: ['key-pairs', 'two-accounts'],
  async run(tools) {
    const [mine, theirs] = [tools.administrator.ec2, tools.user.ec2]
    const KeyName = keyName(tools)
    await mine.call('CreateKeyPair', { KeyName })
    await tools.refuses(theirs.call('DescribeKeyPairs', { KeyName: [KeyName] }), notFound)
    await theirs.call('DeleteKeyPair', { KeyName })
    assert.equal(list(await mine.call('DescribeKeyPairs', { KeyName: [KeyName] }), 'keySet').length, 1)
  },
})

export default [creation, importing, deletion, owners]
