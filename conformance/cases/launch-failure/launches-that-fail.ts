import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerImage, type StoredBundle, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import type { Tools } from '../../tools.ts'

const acl = { 'x-amz-acl': 'aws-exec-read' }

/** Runs an instance of the image and asserts that it ends as one that could not start, and that the image stays. */
async function failsToStart(tools: Tools, ImageId: string): Promise<void> {
  const ended = await untilTerminated(tools, await runInstance(tools, { ImageId }))
  const why = tools.of({ eucalyptus: ['reason'], aws: ['stateReason', 'code'] })
  assert.match(text(ended, ...why) ?? '', tools.of({ eucalyptus: /^FAILED: /, aws: /^Server\./ }))
  const [image] = await describeImages(tools.administrator, ImageId)
  assert.equal(text(image, 'imageState'), 'available')
}

/**
 * A case of one damage to a registered bundle: the launch fails, and when the damage is undone the next one runs, so
 * that it was the damage and nothing else.
 */
function damaged(
  words: string,
  title: string,
  damage: (tools: Tools, bundle: StoredBundle) => Promise<{ undo(): Promise<unknown> }>,
) {
  return defineCase({
    id: `launch-failure/${words}`,
    title,
    level: 'MUST',
    covers: ['RunInstances', 'DescribeInstances', 'DescribeImages'],
    needs: ['s3', 'images', 'instance-store'],
    source: 'eucalyptus-behaviour.md sections 2.2 and 5.1; invariant 4 of section 14',
    seconds: 5,
    cents: 1,
    async run(tools) {
      const bundle = await uploadBundle(tools)
      const ImageId = await registerImage(tools, bundle.location, { VirtualizationType: 'hvm' })
      const { undo } = await damage(tools, bundle)
      await failsToStart(tools, ImageId)
      await undo()
      await untilRunning(tools, await runInstance(tools, { ImageId }))
    },
  })
}

/** Replaces an object of a bundle by what `change` makes of it; what it was comes back with `undo`. */
async function changed(tools: Tools, path: string, change: (body: Buffer) => Buffer) {
  const { s3 } = tools.administrator
  const { body: original } = await s3({ method: 'GET', path })
  const put = (body: Buffer) => s3({ method: 'PUT', path, headers: acl, body })
  await put(change(original))
  return { undo: () => put(original) }
}

/** The same bytes with one bit in the middle turned over. */
function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  const middle = copy.length >> 1
  copy[middle] = (copy[middle] ?? 0) ^ 1
  return copy
}

export default [
  damaged(
    'manifest-changed-after-registration',
    'a manifest that was changed after its registration is not launched from; the image stays',
    (tools, { bucket, manifest }) =>
      changed(tools, `/${bucket}/${manifest}`, (body) => Buffer.concat([body, Buffer.from('\n')])),
  ),
  damaged(
    'part-is-missing',
    'a bundle of which a part is missing is not launched; the image stays',
    async (tools, { bucket, firstPart }) => {
      const { s3 } = tools.administrator
      const path = `/${bucket}/${firstPart}`
      const { body } = await s3({ method: 'GET', path })
      await s3({ method: 'DELETE', path })
      return { undo: () => s3({ method: 'PUT', path, headers: acl, body }) }
    },
  ),
  damaged(
    'part-is-corrupt',
    'a bundle of which a part has one other bit is not launched; the image stays',
    (tools, { bucket, firstPart }) => changed(tools, `/${bucket}/${firstPart}`, flipped),
  ),
  damaged(
    'part-is-private',
    'a bundle of which the cloud may not read a part is not launched; the image stays',
    async (tools, { bucket, firstPart }) => {
      const { s3 } = tools.administrator
      const path = `/${bucket}/${firstPart}`
      const put = (canned: string) => s3({ method: 'PUT', path, query: 'acl', headers: { 'x-amz-acl': canned } })
      await put('private')
      return { undo: () => put('aws-exec-read') }
    },
  ),
  defineCase({
    id: 'launch-failure/encrypted-for-another-cloud',
    title: 'a bundle that was encrypted for the certificate of another cloud is not launched; the image stays',
    level: 'MUST',
    covers: ['RunInstances', 'DescribeInstances', 'DescribeImages'],
    needs: ['s3', 'images', 'instance-store'],
    source: 'eucalyptus-behaviour.md sections 3.3 and 5.1',
    seconds: 4,
    cents: 1,
    async run(tools) {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const cloudCertificate = publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const { location } = await uploadBundle(tools, { cloudCertificate })
      const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
      await failsToStart(tools, ImageId)
      const good = await uploadBundle(tools)
      const again = await registerImage(tools, good.location, { VirtualizationType: 'hvm' })
      await untilRunning(tools, await runInstance(tools, { ImageId: again }))
    },
  }),
]
