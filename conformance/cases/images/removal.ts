import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerImage, type StoredBundle, untilHidden, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import type { Tools } from '../../tools.ts'

const source = 'eucalyptus-behaviour.md sections 2.5 and 8 (T11)'

/** Deletes the manifest and the part of a bundle. */
async function deleteBundle({ administrator }: Tools, { bucket, manifest, firstPart }: StoredBundle): Promise<void> {
  for (const key of [firstPart, manifest]) await administrator.s3({ method: 'DELETE', path: `/${bucket}/${key}` })
}

export default [
  defineCase({
    id: 'images/bundle-deleted-after-the-image',
    title: 'deregistering leaves the bundle, which can be deleted then; its bucket is empty',
    level: 'MUST',
    covers: ['RegisterImage', 'DeregisterImage', 'DescribeImages'],
    needs: ['s3', 'images'],
    source,
    seconds: 2,
    async run(tools) {
      const { ec2, s3 } = tools.administrator
      const bundle = await uploadBundle(tools)
      const ImageId = await registerImage(tools, bundle.location, { VirtualizationType: 'hvm' })
      await ec2.call('DeregisterImage', { ImageId })
      await untilHidden(tools, ImageId)
      for (const key of [bundle.manifest, bundle.firstPart]) {
        assert.equal((await s3({ method: 'HEAD', path: `/${bundle.bucket}/${key}` })).status, 200)
      }
      await deleteBundle(tools, bundle)
      const listing = (await s3({ method: 'GET', path: `/${bundle.bucket}` })).body.toString()
      assert.ok(!listing.includes('<Contents>'), 'something of the bundle is left')
    },
  }),
  defineCase({
    id: 'images/bundle-deleted-before-the-image',
    title: 'an image whose bundle is deleted is still there and still runs where it ran, but launches no more',
    level: 'MUST',
    covers: ['RegisterImage', 'DeregisterImage', 'DescribeImages', 'RunInstances'],
    needs: ['s3', 'images', 'instance-store'],
    source,
    seconds: 6,
    cents: 1,
    async run(tools) {
      const { ec2 } = tools.administrator
      const bundle = await uploadBundle(tools)
      const ImageId = await registerImage(tools, bundle.location, { VirtualizationType: 'hvm' })
      const before = await runInstance(tools, { ImageId })
      await untilRunning(tools, before)
      await deleteBundle(tools, bundle)
      const [image] = await describeImages(tools.administrator, ImageId)
      assert.equal(text(image, 'imageState'), 'available')
      await untilTerminated(tools, await runInstance(tools, { ImageId }))
      await untilRunning(tools, before)
      assert.equal(text(await ec2.call('DeregisterImage', { ImageId }), 'return'), 'true')
    },
  }),
]
