import { integer, list, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { isImageId } from '../ids.ts'
import { operation } from '../operation.ts'
import { findImage, imageFilters, imageView, mayUse } from './image.ts'

/** Source: eucalyptus-behaviour.md section 2.4. */
export default operation('DescribeImages', {
  input: {
    ImageId: list(text),
    Owner: list(text),
    ExecutableBy: list(text),
    Filter: filters,
    IncludeDeprecated: optional(text),
    IncludeDisabled: optional(text),
    MaxResults: optional(integer),
  },
  async run(cloud, { ImageId, Owner, ExecutableBy, Filter }, { caller }) {
    // The pseudo id `verbose` shows administrators what is hidden, too.
    const verbose = caller.administrator && ImageId.includes('verbose')
    const ids = ImageId.filter((id) => id !== 'verbose')
    const seen = cloud.images
      .list()
      .filter((image) => (verbose || image.state === 'available') && mayUse(image, caller))
    const wanted = ids.map((id) => {
      if (!isImageId(id)) throw fault('describedImageIdMalformed', id)
      const image = findImage(cloud.images, id)
      if (!image || !seen.includes(image)) throw fault('imageNotFound', id)
      return image.id
    })
    const owners = Owner.map((owner) => (owner === 'self' ? caller.accountId : owner))
    const matches = filtering(imageFilters(cloud), Filter)
    const images = seen.filter(
      (image) =>
        (!wanted.length || wanted.includes(image.id)) &&
        (!owners.length || owners.includes(image.ownerId) || owners.includes(ownerAlias(image.ownerId))) &&
        (!ExecutableBy.length || ExecutableBy.some((by) => executableBy(image, by, caller.accountId))) &&
        matches(image),
    )
    return { imagesSet: images.map((image) => imageView(cloud, image)) }

    function ownerAlias(accountId: string): string {
      return cloud.accounts.byId(accountId)?.name ?? ''
    }
  },
})

/** `all` asks for public images, `self` and account numbers for explicit permissions, which no image has yet. */
function executableBy(image: { public: boolean; ownerId: string }, by: string, self: string): boolean {
  if (by === 'all') return image.public
  return image.ownerId === (by === 'self' ? self : by)
}
