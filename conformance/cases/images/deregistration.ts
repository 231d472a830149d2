import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { deregistered, describeImages, registerRandomImage, untilHidden } from '../../images.ts'
import { findInstance, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source = 'eucalyptus-behaviour.md section 2.5 and invariant 9 of section 14'
const notFound = refusal('InvalidAMIID.NotFound', 400)
const unavailable = refusal('InvalidAMIID.Unavailable', 400)

/** Deregisters once more and expects what the fidelity answers at that time. */
async function again(tools: Tools, ImageId: string, second: 'works' | 'third'): Promise<void> {
  const { ec2 } = tools.administrator
  if (second === 'works' && tools.target.fidelity === 'eucalyptus') {
    assert.equal(text(await ec2.call('DeregisterImage', { ImageId }), 'return'), 'true')
    return
  }
  await tools.refuses(ec2.call('DeregisterImage', { ImageId }), deregistered)
}

export default [
  defineCase({
    id: 'images/deregistered-step-by-step',
    title: 'deregistering once hides an image, twice deletes it, and the third time there is none',
    level: 'MUST',
    covers: ['DeregisterImage', 'DescribeImages', 'RunInstances'],
    needs: ['s3', 'images', 'instance-store'],
    source,
    seconds: 2,
    cents: 1,
    smoke: true,
    async run(tools) {
      const { ec2 } = tools.administrator
      const ImageId = await registerRandomImage(tools)
      assert.equal((await describeImages(tools.administrator, ImageId)).length, 1)
      assert.equal(text(await ec2.call('DeregisterImage', { ImageId }), 'return'), 'true')
      await untilHidden(tools, ImageId)
      const own = list(await ec2.call('DescribeImages', { Owner: ['self'] }), 'imagesSet')
      assert.ok(!own.some((image) => text(image, 'imageId') === ImageId), 'the image is still listed')
      await tools.refuses(runInstance(tools, { ImageId }), deregistered)
      await again(tools, ImageId, 'works')
      await again(tools, ImageId, 'third')
    },
  }),
  defineCase({
    id: 'images/deregistered-while-in-use',
    title: 'an image cannot be deleted while an instance of it is not terminated; the instance goes on',
    level: 'MUST',
    covers: ['DeregisterImage', 'RunInstances', 'DescribeInstances'],
    needs: ['s3', 'images', 'instance-store'],
    source,
    seconds: 3,
    cents: 1,
    async run(tools) {
      const { ec2 } = tools.administrator
      const ImageId = await registerRandomImage(tools)
      const id = await runInstance(tools, { ImageId })
      await untilRunning(tools, id)
      await ec2.call('DeregisterImage', { ImageId })
      await tools.refuses(ec2.call('DeregisterImage', { ImageId }), unavailable)
      const instance = await findInstance(tools.administrator, id)
      assert.deepEqual([stateOf(instance), text(instance, 'imageId')], ['running', ImageId])
    },
  }),
  defineCase({
    id: 'images/ids-that-name-no-image',
    title: 'ids that are malformed, or of no image, are refused',
    level: 'MUST',
    covers: ['DescribeImages', 'DeregisterImage', 'RunInstances'],
    needs: ['images', 'instance-store'],
    source: 'eucalyptus-behaviour.md section 1.5',
    seconds: 1,
    cents: 1,
    async run(tools) {
      const { ec2 } = tools.administrator
      const nobody = tools.of({ eucalyptus: 'emi-00000000', aws: 'ami-00000000' })
      await tools.refuses(describeImages(tools.administrator, nobody), notFound)
      await tools.refuses(ec2.call('DeregisterImage', { ImageId: nobody }), notFound)
      await tools.refuses(runInstance(tools, { ImageId: nobody }), notFound)
      await tools.refuses(describeImages(tools.administrator, 'no image'), {
        eucalyptus: refusal('InvalidParameterValue', 400),
        aws: refusal('InvalidAMIID.Malformed', 400),
      })
      await tools.refuses(ec2.call('DeregisterImage', { ImageId: 'no image' }), {
        eucalyptus: refusal('InternalFailure', 500, /Invalid id/),
        aws: refusal('InvalidAMIID.Malformed', 400),
      })
    },
  }),
  defineCase({
    id: 'images/private-image-of-another-account',
    title: "another account's private image is neither seen, nor run, nor deregistered",
    level: 'MUST',
    covers: ['DescribeImages', 'RunInstances', 'DeregisterImage'],
    needs: ['s3', 'images', 'instance-store', 'two-accounts'],
    source: 'eucalyptus-behaviour.md sections 1.5 and 2.4',
    seconds: 2,
    cents: 1,
    async run(tools) {
      const ImageId = await registerRandomImage(tools)
      await tools.refuses(describeImages(tools.user, ImageId), notFound)
      const asked = { Owner: [tools.administrator.account.accountId] }
      const all = list(await tools.user.ec2.call('DescribeImages', asked), 'imagesSet')
      assert.ok(!all.some((image) => text(image, 'imageId') === ImageId), 'the image is listed')
      await tools.refuses(runInstance(tools, { ImageId }, tools.user), {
        eucalyptus: refusal('UnauthorizedOperation', 403, /permission denied/),
        aws: refusal('AuthFailure', 403),
      })
      await tools.refuses(tools.user.ec2.call('DeregisterImage', { ImageId }), {
        eucalyptus: refusal('InternalFailure', 500, /Not authorized/),
        aws: [notFound, refusal('AuthFailure', 403)],
      })
      assert.equal((await describeImages(tools.administrator, ImageId)).length, 1)
    },
  }),
]
