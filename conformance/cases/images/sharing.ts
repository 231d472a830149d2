import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerRandomImage, registerSnapshot } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { makeSnapshot, makeVolume } from '../../volumes.ts'

const notFound = refusal('InvalidAMIID.NotFound', 400)
const denied = {
  eucalyptus: refusal('UnauthorizedOperation', 403, /permission denied/),
  aws: refusal('AuthFailure', 403),
}

/** The ids of the images that the second account is shown. */
async function seenByUser({ user }: Tools, parameters: Parameters = {}): Promise<string[]> {
  const images = list(await user.ec2.call('DescribeImages', parameters), 'imagesSet')
  return images.flatMap((image) => text(image, 'imageId') ?? [])
}

export default [
  defineCase({
    id: 'images/launch-permissions-decide',
    title: 'an account that an image is shared with sees it, runs it and nothing more, until that is taken back',
    level: 'MUST',
    covers: ['ModifyImageAttribute', 'DescribeImageAttribute', 'ResetImageAttribute', 'DescribeImages', 'RunInstances'],
    needs: ['s3', 'images', 'instance-store', 'two-accounts'],
    source: 'eucalyptus-behaviour.md section 2.4',
    seconds: 5,
    cents: 1,
    smoke: true,
    async run(tools) {
      const { administrator, user } = tools
      const ImageId = await registerRandomImage(tools)
      const UserId = user.account.accountId
      await administrator.ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ UserId }] } })
      const asked = { ImageId, Attribute: 'launchPermission' }
      const permissions = list(await administrator.ec2.call('DescribeImageAttribute', asked), 'launchPermission')
      assert.deepEqual(
        permissions.map((one) => text(one, 'userId')),
        [UserId],
      )
      assert.ok((await seenByUser(tools)).includes(ImageId))
      assert.deepEqual(await seenByUser(tools, { ImageId: [ImageId], ExecutableBy: ['self'] }), [ImageId])
      assert.deepEqual(await seenByUser(tools, { ImageId: [ImageId], ExecutableBy: ['all'] }), [])
      await untilRunning(tools, await runInstance(tools, { ImageId }, user), user)
      await tools.refuses(user.ec2.call('DescribeImageAttribute', asked), {
        eucalyptus: refusal('InternalFailure', 500, /Not authorized/),
        aws: refusal('AuthFailure', 403),
      })
      await administrator.ec2.call('ResetImageAttribute', asked)
      await tools.refuses(describeImages(user, ImageId), notFound)
      await tools.refuses(runInstance(tools, { ImageId }, user), denied)
    },
  }),
  defineCase({
    id: 'images/shared-with-everybody',
    title: 'an image that is shared with everybody is public, and private again when that is taken back',
    level: 'MUST',
    covers: ['ModifyImageAttribute', 'DescribeImages'],
    needs: ['s3', 'images', 'two-accounts'],
    source: 'eucalyptus-behaviour.md section 2.4',
    seconds: 2,
    async run(tools) {
      const { ec2 } = tools.administrator
      const ImageId = await registerRandomImage(tools)
      const isPublic = async () => text((await describeImages(tools.administrator, ImageId))[0], 'isPublic')
      assert.equal(await isPublic(), 'false')
      await ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } })
      assert.equal(await isPublic(), 'true')
      assert.deepEqual(await seenByUser(tools, { ImageId: [ImageId], ExecutableBy: ['all'] }), [ImageId])
      await ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Remove: [{ Group: 'all' }] } })
      assert.equal(await isPublic(), 'false')
      await tools.refuses(describeImages(tools.user, ImageId), notFound)
    },
  }),
  defineCase({
    id: 'images/snapshot-of-a-registered-image',
    title: 'a snapshot that an image maps cannot be deleted until that is deregistered',
    level: 'MUST',
    covers: ['RegisterImage', 'DeregisterImage', 'DeleteSnapshot'],
    needs: ['ebs'],
    source: 'eucalyptus-behaviour.md section 7.2, and invariant 8 of section 14',
    seconds: 4,
    async run(tools) {
      const { ec2 } = tools.administrator
      const SnapshotId = await makeSnapshot(tools, await makeVolume(tools))
      const ImageId = await registerSnapshot(tools, SnapshotId)
      await tools.refuses(ec2.call('DeleteSnapshot', { SnapshotId }), refusal('InvalidSnapshot.InUse', 400))
      const shown = list(await ec2.call('DescribeSnapshots', { SnapshotId: [SnapshotId] }), 'snapshotSet')
      assert.equal(text(shown[0], 'status'), 'completed')
      await ec2.call('DeregisterImage', { ImageId })
      assert.equal(text(await ec2.call('DeleteSnapshot', { SnapshotId }), 'return'), 'true')
      const gone = ec2.call('DescribeSnapshots', { SnapshotId: [SnapshotId] })
      await tools.refuses(gone, refusal('InvalidSnapshot.NotFound', 400))
    },
  }),
]
