import { flag, list, optional, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { isImageId } from '../ids.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { tagsOf } from '../tag/tags.ts'
import { findImage, type ImageRecord, isShown, mayUse } from './image.ts'
import { imageFilters, imageView } from './image-view.ts'

/** Source: eucalyptus-behaviour.md section 2.4. */
export default operation('DescribeImages', {
  input: {
    ImageId: list(text),
    Owner: list(text),
    ExecutableBy: list(text),
    Filter: filters,
    IncludeDeprecated: optional(flag),
    IncludeDisabled: optional(flag),
    ...paging,
  },
  async run(cloud, { ImageId, Owner, ExecutableBy, Filter, IncludeDeprecated = false, ...asked }, { caller }) {
    // The pseudo id `verbose` shows administrators what is hidden, too.
    const verbose = caller.administrator && ImageId.includes('verbose')
    const ids = ImageId.filter((id) => id !== 'verbose')
    const now = cloud.clock.now().getTime()
    // Deprecated images are listed for their owners; others have to name them, or to ask for them.
    const isOutdated = ({ deprecatedAt, ownerId }: ImageRecord) =>
      !IncludeDeprecated && !ids.length && ownerId !== caller.accountId && Date.parse(deprecatedAt ?? '') <= now
    const seen = cloud.images
      .list()
      .filter((image) => (verbose || isShown(image)) && mayUse(image, caller) && !isOutdated(image))
    const wanted = ids.map((id) => {
      if (!isImageId(id)) throw fault('describedImageIdMalformed', id)
      const image = findImage(cloud.images, id)
      if (!image || !seen.includes(image)) throw fault('imageNotFound', id)
      return image.id
    })
    const owners = Owner.map((owner) => (owner === 'self' ? caller.accountId : owner))
    const tags = tagsOf(cloud, caller)
    const matches = filtering(imageFilters(cloud), Filter, tags)
    const images = seen.filter(
      (image) =>
        (!wanted.length || wanted.includes(image.id)) &&
        (!owners.length || owners.includes(image.ownerId) || owners.includes(ownerAlias(image.ownerId))) &&
        (!ExecutableBy.length || ExecutableBy.some((by) => executableBy(image, by, caller.accountId))) &&
        matches(image),
    )
    const { entries, nextToken } = page(cloud, images, asked, { key: ({ id }) => id, named: wanted.length > 0 })
    return { imagesSet: entries.map((image) => imageView(cloud, image, tags)), nextToken }

    function ownerAlias(accountId: string): string {
      return cloud.accounts.byId(accountId)?.name ?? ''
    }
  },
})

/** `all` asks for public images, `self` and account numbers for explicit permissions, which owners need not have. */
function executableBy({ public: isPublic, permissions }: ImageRecord, by: string, self: string): boolean {
  return by === 'all' ? isPublic : permissions?.includes(by === 'self' ? self : by) === true
}
