import { list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { checkedTags, tagList } from './tag-rules.ts'
import type { Tag } from './tags.ts'

/** `TagSpecification.n`: the tags that what an operation makes is to have from the start. */
export const tagSpecifications = list(struct({ ResourceType: optional(text), Tag: tagList }))

/** What a request specifies. */
type Specifications = Values<{ all: typeof tagSpecifications }>['all']

/**
 * The tags of a request by the types of the resources that the operation makes. Eucalyptus has the parameter where `since`
 * says so, and passes over other types. Throws the faults.
 */
export function specifiedTags<Type extends string>(
  { settings: { fidelity } }: Cloud,
  sent: Specifications,
  types: readonly Type[],
  since: 'both' | 'aws' = 'aws',
): Readonly<Record<Type, readonly Tag[]>> {
  if (sent.length && since === 'aws' && fidelity === 'eucalyptus') throw fault('unknownParameter', 'TagSpecification')
  const seen = new Set<string>()
  const specified = sent.map(({ ResourceType = '', Tag }) => {
    if (seen.has(ResourceType)) throw fault('tagTypeTwice')
    seen.add(ResourceType)
    const isMade = types.some((type) => type === ResourceType)
    if (!isMade && fidelity === 'aws') throw fault('tagTypeInvalid', ResourceType)
    return [ResourceType, checkedTags(fidelity, Tag)] as const
  })
  const none = types.map((type): [string, readonly Tag[]] => [type, []])
  return Object.fromEntries([...none, ...specified.filter(([type]) => types.some((one) => one === type))]) as Record<
    Type,
    readonly Tag[]
  >
}
