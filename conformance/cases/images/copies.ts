import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerBlankSnapshot } from '../../ebs-instances.ts'
import { describeImages, registerRandomImage, removeImageLater } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const base = { level: 'MUST', seconds: 10, cents: 1 } as const

const ofSnapshot: Case = defineCase({
  ...base,
  id: 'images/copied',
  title: 'a copy of an image has snapshots of its own and is private; Eucalyptus copies nothing, and says so by no id',
  covers: ['CopyImage', 'DescribeImages'],
  needs: ['ebs'],
  source: 'eucalyptus-behaviour.md sections 2.6 and 12; EC2 User Guide, Copy an AMI',
  async run(tools) {
    const { administrator, target } = tools
    const { ImageId, SnapshotId } = await registerBlankSnapshot(tools)
    const Name = tools.name('copy')
    const asked = { SourceImageId: ImageId, SourceRegion: target.region, Name }
    const id = text(await administrator.ec2.call('CopyImage', asked), 'imageId')
    if (id) removeImageLater(tools, id)
    if (target.fidelity === 'eucalyptus') {
      assert.equal(id || undefined, undefined)
      const Filter = [{ Name: 'name', Value: [Name] }]
      assert.deepEqual(list(await administrator.ec2.call('DescribeImages', { Filter }), 'imagesSet'), [])
      return
    }
    assert.ok(id && id !== ImageId)
    const look = async () => (await describeImages(administrator, id))[0]
    const image = await tools.until(`${id} available`, look, (one) => text(one, 'imageState') === 'available', 120)
    const [mapping] = list(image, 'blockDeviceMapping')
    const copied = text(mapping, 'ebs', 'snapshotId')
    assert.ok(copied && copied !== SnapshotId, 'the copy has no snapshot of its own')
    assert.deepEqual([text(image, 'name'), text(image, 'isPublic')], [Name, 'false'])
    const nobody = { ...asked, SourceImageId: 'ami-00000000' }
    await tools.refuses(administrator.ec2.call('CopyImage', nobody), refusal('InvalidAMIID.NotFound', 400))
  },
})

/** What an account is shown of images when it does not name them. */
async function isListed({ administrator, user }: Tools, ImageId: string): Promise<boolean> {
  const asked = { Owner: [administrator.account.accountId] }
  return list(await user.ec2.call('DescribeImages', asked), 'imagesSet').some((one) => text(one, 'imageId') === ImageId)
}

const deprecated: Case = defineCase({
  ...base,
  id: 'images/deprecated',
  title: 'an image whose time of deprecation is told shows it, can still be run, and is as before when that is undone',
  covers: ['EnableImageDeprecation', 'DisableImageDeprecation', 'DescribeImages', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'two-accounts'],
  source: 'EC2 User Guide, Deprecate an AMI; eucalyptus-behaviour.md section 1.2: an action that came later is unknown',
  async run(tools) {
    const { administrator } = tools
    const { ec2 } = administrator
    const ImageId = await registerRandomImage(tools)
    // AWS rounds to a minute.
    const minute = 60_000
    const inAnHour = new Date(Math.ceil(Date.now() / minute) * minute + 60 * minute).toISOString()
    const enable = ec2.call('EnableImageDeprecation', { ImageId, DeprecateAt: inAnHour })
    if (tools.target.fidelity === 'eucalyptus') {
      await tools.refuses(enable, refusal('400 Bad Request', 400))
      await tools.refuses(ec2.call('DisableImageDeprecation', { ImageId }), refusal('400 Bad Request', 400))
      return
    }
    await enable
    await ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } })
    const shown = async () => text((await describeImages(administrator, ImageId))[0], 'deprecationTime')
    assert.equal((await shown())?.slice(0, 16), inAnHour.slice(0, 16))
    assert.ok(await isListed(tools, ImageId), 'the image is hidden before its time')
    await untilRunning(tools, await runInstance(tools, { ImageId }))
    const past = ec2.call('EnableImageDeprecation', { ImageId, DeprecateAt: '2001-01-01T00:00:00Z' })
    await tools.refuses(past, refusal('InvalidParameterValue', 400))
    await ec2.call('DisableImageDeprecation', { ImageId })
    assert.equal((await shown()) || undefined, undefined)
  },
})

export default [ofSnapshot, deprecated]
