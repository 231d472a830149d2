import type { Tag } from './records.ts'

/** Which objects a rule is about: those to which all of it applies. */
export interface LifecycleFilter {
  readonly prefix: string
  readonly tags: readonly Tag[]
  /** Bytes that an object must have more of. */
  readonly above?: number
  /** Bytes that an object must have fewer of. */
  readonly below?: number
}

/** When current versions end: so many days after they were made, at a time, or, of delete markers, when they are alone. */
export type Expiration =
  | { readonly days: number }
  /** Milliseconds since 1970, a midnight of UTC. */
  | { readonly at: number }
  | { readonly aloneDeleteMarkers: true }

/** A rule of a bucket's lifecycle configuration (S3 API reference, LifecycleRule). */
export interface LifecycleRule {
  /** Unique in its bucket. */
  readonly id: string
  readonly isEnabled: boolean
  readonly filter: LifecycleFilter
  /** How the filter was written, for who reads it again: as the rule's own prefix, as one condition, or as several. */
  readonly form: 'prefix' | 'one' | 'and'
  readonly expiration?: Expiration
  /** Days after a newer version came, and how many noncurrent versions stay whatever their age. */
  readonly noncurrent?: { readonly days: number; readonly kept?: number }
  /** Days after an upload began. */
  readonly abortUploads?: number
}

/** What of an object decides whether a rule is about it. */
export interface LifecycleSubject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  readonly tags?: readonly Tag[] | undefined
}

/** Whether a rule is enabled and about an object. */
export function applies({ isEnabled, filter }: LifecycleRule, { key, size, tags = [] }: LifecycleSubject): boolean {
  return (
    isEnabled &&
    key.startsWith(filter.prefix) &&
    filter.tags.every((wanted) => tags.some((tag) => tag.key === wanted.key && tag.value === wanted.value)) &&
    (filter.above === undefined || size > filter.above) &&
    (filter.below === undefined || size < filter.below)
  )
}

/**
 * When something ends that may last so many days: S3 rounds up to the next midnight of UTC. All in milliseconds; `day`
 * is how long a day lasts.
 */
export function endOf(since: number, days: number, day: number): number {
  return Math.ceil((since + days * day) / day) * day
}

/** When the current version of an object ends, in milliseconds since 1970, and by which rule; the earliest counts. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  object: LifecycleSubject & { readonly lastModified: number },
  day: number,
): { readonly at: number; readonly rule: LifecycleRule } | undefined {
  let first: { at: number; rule: LifecycleRule } | undefined
  for (const rule of rules) {
    const { expiration } = rule
    if (!expiration || 'aloneDeleteMarkers' in expiration || !applies(rule, object)) continue
    const at = 'at' in expiration ? expiration.at : endOf(object.lastModified, expiration.days, day)
    if (!first || at < first.at) first = { at, rule }
  }
  return first
}
