import type { Cloud } from '../../cloud.ts'
import { type FilterTable, filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { page, paging } from '../paging.ts'
import { bearsTags } from './put-tags.ts'
import type { Tag, TagsRecord } from './tags.ts'

/** One tag with what it is on. */
type Described = Pick<TagsRecord, 'resourceId' | 'resourceType'> & Tag

const tagFilters: FilterTable<Described> = {
  key: ({ key }) => [key],
  'resource-id': ({ resourceId }) => [resourceId],
  'resource-type': ({ resourceType }) => [resourceType],
  value: ({ value }) => [value],
}

const words = ({ resourceId, key, value }: Described) => [resourceId, key, value]

/** By resource, key and value, each as text (ComputeService.describeTags). */
function inOrder(a: Described, b: Described): number {
  const [ours, theirs] = [words(a), words(b)]
  const at = ours.findIndex((word, index) => word !== theirs[index])
  return at < 0 ? 0 : (ours[at] ?? '') < (theirs[at] ?? '') ? -1 : 1
}

/** The filters: in AWS `tag:KEY`, too. */
const filterOf = (cloud: Cloud, asked: Parameters<typeof filtering>[1]) =>
  cloud.settings.fidelity === 'aws'
    ? filtering(tagFilters, asked, ({ key, value }) => [{ key, value }])
    : filtering(tagFilters, asked)

/** The tags of the caller's account. */
export default operation('DescribeTags', {
  input: { Filter: filters, ...paging },
  async run(cloud, { Filter, ...asked }, { caller }) {
    const matches = filterOf(cloud, Filter)
    const records = cloud.tags.list().filter((one) => one.ownerId === caller.accountId && bearsTags(cloud, one))
    const all = records.flatMap(({ resourceId, resourceType, tags }) =>
      tags.map(({ key, value }) => ({ resourceId, resourceType, key, value })),
    )
    const chosen = all.filter(matches).sort(inOrder)
    const { entries, nextToken } = page(cloud, chosen, asked, { key: (tag) => JSON.stringify(words(tag)) })
    return { tagSet: [...entries], nextToken }
  },
})
