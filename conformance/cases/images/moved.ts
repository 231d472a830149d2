import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { readManifest } from '../../../src/bundle/manifest.ts'
import { recoverSecret } from '../../../src/bundle/secret.ts'
import { unbundle } from '../../../src/bundle/unbundler.ts'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'

export default defineCase({
  id: 'images/moved-to-another-account',
  title:
    'a bundle is downloaded, opened with the key of its owner, bundled for another account, and registered and run there',
  level: 'MUST',
  covers: ['GetObject', 'PutObject', 'RegisterImage', 'DescribeImages', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'two-accounts'],
  source: 'eucalyptus-behaviour.md sections 3.1, 3.2 and 8 (T9 and T10); image guide, "Migrate an image"',
  seconds: 6,
  cents: 1,
  async run(tools) {
    const { administrator, user } = tools
    const owner = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const userCertificate = owner.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const original = randomBytes(100_000)
    const image = { stream: Readable.from([original]), size: original.length }
    const { bucket, manifest: key } = await uploadBundle(tools, { image, userCertificate })
    const download = async (name: string) =>
      (await administrator.s3({ method: 'GET', path: `/${bucket}/${name}` })).body
    const manifest = readManifest((await download(key)).toString())
    const privateKey = owner.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const first = await download(manifest.parts[0]?.filename ?? '')
    const secret = recoverSecret(manifest, [privateKey], first)
    let opened: Buffer = Buffer.alloc(0)
    const open = async ({ filename }: { filename: string }) => Readable.from([await download(filename)])
    await unbundle(manifest, { secret, open }, async (stream) => {
      opened = await buffer(stream)
    })
    assert.ok(opened.equals(original), 'the bundle holds other bytes than those that were bundled')
    const moved = await uploadBundle(tools, {
      clients: user,
      image: { stream: Readable.from([opened]), size: opened.length },
    })
    const ImageId = await registerImage(tools, moved.location, { VirtualizationType: 'hvm' }, user)
    assert.equal(text((await describeImages(user, ImageId))[0], 'imageOwnerId'), user.account.accountId)
    await untilRunning(tools, await runInstance(tools, { ImageId }, user), user)
  },
})
