import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'

/** A word that an account has put on a resource, and what it says. */
export type Tag = { readonly key: string; readonly value: string }

/** The tags of one account on one resource: an account sees only its own, also on what others share with it. */
export interface TagsRecord {
  readonly id: string
  readonly ownerId: string
  readonly resourceId: string
  /** As DescribeTags names it, such as `security-group`. */
  readonly resourceType: string
  /** In the order in which they were put on. */
  readonly tags: readonly Tag[]
}

/** The id of an account's tags on a resource. */
export const tagsId = (ownerId: string, resourceId: string): string => `${ownerId}/${resourceId}`

/** The tags of a resource as its `tagSet` lists them. */
export type TagsOf = (resource: { readonly id: string }) => Tag[]

/** What the caller's account has put on resources. */
export const tagsOf =
  (cloud: Cloud, { accountId }: Pick<Caller, 'accountId'>): TagsOf =>
  ({ id }) => [...(cloud.tags.get(tagsId(accountId, id))?.tags ?? [])]
