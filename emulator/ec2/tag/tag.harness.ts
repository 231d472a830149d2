import type { Caller } from '../../../src/protocol/operation.ts'
import { items, type TestCloud, theText } from '../../cloud.harness.ts'

/** `Tag.n.Key` and `Tag.n.Value` for these tags; a value that is undefined is not sent. */
export const tagParameters = (
  tags: Readonly<Record<string, string | undefined>>,
  prefix = '',
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value], index) => [
      [`${prefix}Tag.${index + 1}.Key`, key],
      ...(value === undefined ? [] : [[`${prefix}Tag.${index + 1}.Value`, value]]),
    ]),
  )

/** Puts tags on a resource. */
export const tag = (it: TestCloud, id: string, tags: Record<string, string>, as?: Caller) =>
  it.call('CreateTags', { 'ResourceId.1': id, ...tagParameters(tags) }, as)

/** The tags that DescribeTags shows, as `type id key=value`. */
export async function describedTags(it: TestCloud, parameters: Record<string, string> = {}, as?: Caller) {
  const found = items(await it.call('DescribeTags', parameters, as), 'tagSet')
  const words = ['resourceType', 'resourceId', 'key', 'value'] as const
  return found.map((one) => {
    const [type, id, key, value] = words.map((name) => theText(one, name))
    return `${type} ${id} ${key}=${value}`
  })
}
