import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerRandomImage } from '../../images.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

/** The tags of a resource as DescribeTags lists them. */
async function tagsOf({ administrator }: Tools, id: string): Promise<string[]> {
  const Filter = [{ Name: 'resource-id', Value: [id] }]
  const tags = list(await administrator.ec2.call('DescribeTags', { Filter }), 'tagSet')
  return tags.map((tag) => `${text(tag, 'resourceType')} ${text(tag, 'key')}=${text(tag, 'value')}`).sort()
}

/** The tags in an image's own answer. */
const tagSet = (image: Xml | undefined) =>
  list(image, 'tagSet').map((tag) => `${text(tag, 'key')}=${text(tag, 'value')}`)

export default [
  defineCase({
    id: 'images/found-by-their-tags',
    title: 'an image shows its tags and is found by them, until they are taken off',
    level: 'MUST',
    covers: ['CreateTags', 'DescribeTags', 'DeleteTags', 'DescribeImages'],
    needs: ['s3', 'images'],
    source: 'eucalyptus-behaviour.md sections 2.4 and 13',
    seconds: 2,
    async run(tools) {
      const { ec2 } = tools.administrator
      const [ImageId, other] = [await registerRandomImage(tools), await registerRandomImage(tools)]
      const Value = tools.name('role')
      await ec2.call('CreateTags', {
        ResourceId: [ImageId],
        Tag: [
          { Key: 'role', Value: 'first' },
          { Key: 'Name', Value },
        ],
      })
      await ec2.call('CreateTags', { ResourceId: [ImageId, other], Tag: [{ Key: 'role', Value }] })
      assert.deepEqual(await tagsOf(tools, ImageId), [`image Name=${Value}`, `image role=${Value}`])
      assert.deepEqual(await tagsOf(tools, other), [`image role=${Value}`])
      assert.deepEqual(tagSet((await describeImages(tools.administrator, ImageId))[0]).sort(), [
        `Name=${Value}`,
        `role=${Value}`,
      ])
      const found = async (Name: string, value: string) => {
        const images = list(await ec2.call('DescribeImages', { Filter: [{ Name, Value: [value] }] }), 'imagesSet')
        return images.map((image) => text(image, 'imageId')).sort()
      }
      assert.deepEqual(await found('tag:role', Value), [ImageId, other].sort())
      assert.deepEqual(await found('tag:Name', `${Value.slice(0, -1)}?`), [ImageId])
      assert.deepEqual(await found('tag-value', Value), [ImageId, other].sort())
      await ec2.call('DeleteTags', { ResourceId: [ImageId], Tag: [{ Key: 'role', Value: 'first' }, { Key: 'Name' }] })
      assert.deepEqual(await tagsOf(tools, ImageId), [`image role=${Value}`])
      assert.deepEqual(await found('tag:Name', Value), [])
    },
  }),
  defineCase({
    id: 'images/tags-that-cannot-be',
    title: 'reserved, long and surplus tags are refused, and so are ids of nothing; none of it is kept',
    level: 'MUST',
    covers: ['CreateTags', 'DescribeTags'],
    needs: ['s3', 'images'],
    source: 'TagManager and TagHelper of Eucalyptus; EC2 User Guide, tag restrictions',
    seconds: 2,
    async run(tools) {
      const { ec2 } = tools.administrator
      const ImageId = await registerRandomImage(tools)
      const put = (...Tag: { Key: string; Value: string }[]) => ec2.call('CreateTags', { ResourceId: [ImageId], Tag })
      const invalid = refusal('InvalidParameterValue', 400)
      await tools.refuses(put({ Key: 'aws:name', Value: 'x' }), invalid)
      await tools.refuses(put({ Key: 'x'.repeat(129), Value: 'x' }), invalid)
      await tools.refuses(put({ Key: 'x', Value: 'x'.repeat(257) }), invalid)
      const many = Array.from({ length: 51 }, (_, index) => ({ Key: `key${index}`, Value: 'x' }))
      await tools.refuses(put(...many), refusal('TagLimitExceeded', 400))
      const Tag = [{ Key: 'good', Value: 'x' }]
      const nobody = tools.of({ eucalyptus: 'emi-00000000', aws: 'ami-00000000' })
      const both = ec2.call('CreateTags', { ResourceId: [ImageId, nobody], Tag })
      await tools.refuses(both, refusal('InvalidAMIID.NotFound', 400))
      await tools.refuses(ec2.call('CreateTags', { ResourceId: ['nothing'], Tag }), refusal('InvalidID', 400))
      assert.deepEqual(await tagsOf(tools, ImageId), [])
    },
  }),
]
