import { list, struct, text } from '../../src/protocol/shape.ts'
import { fault } from './faults.ts'
import type { Tag } from './tag/tags.ts'

/** The `Filter.n.Name`, `Filter.n.Value.m` parameters that every Describe operation takes. */
export const filters = list(struct({ Name: text, Value: list(text) }))

/** For each filter name the values that a record has under it; the record matches when one of them does. */
export type FilterTable<Kind> = Readonly<
  Record<string, (record: Kind) => readonly (string | number | boolean | undefined)[]>
>

/** One step of a pattern: a character, any character, or any text. */
type Step = { readonly character: string } | 'one' | 'any'

/** `*` is any text, `?` one character, a backslash takes their meaning away. */
function stepsOf(pattern: string): Step[] {
  return Array.from(pattern.match(/\\[\s\S]|[\s\S]/g) ?? [], (part) => {
    if (part === '*') return 'any'
    if (part === '?') return 'one'
    return { character: part[1] ?? part }
  })
}

/** Whether all of a text fits. Only the last `*` is ever tried again, so that no pattern takes forever, as a RegExp would. */
function fits(steps: readonly Step[], text: string): boolean {
  let [at, step] = [0, 0]
  let retry: { at: number; step: number } | undefined
  while (at < text.length) {
    const wanted = steps[step]
    if (wanted === 'any') {
      step += 1
      retry = { at, step }
    } else if (wanted === 'one' || wanted?.character === text[at]) {
      at += 1
      step += 1
    } else if (retry) {
      retry = { at: retry.at + 1, step: retry.step }
      at = retry.at
      step = retry.step
    } else return false
  }
  return steps.slice(step).every((rest) => rest === 'any')
}

/** The filters of what bears tags: `tag-key`, `tag-value`, and `tag:KEY`, the value under a key. */
function tagReader<Kind>(
  name: string,
  tagsOf: (record: Kind) => readonly Tag[],
): FilterTable<Kind>[string] | undefined {
  if (name === 'tag-key') return (record) => tagsOf(record).map(({ key }) => key)
  if (name === 'tag-value') return (record) => tagsOf(record).map(({ value }) => value)
  if (!name.startsWith('tag:')) return undefined
  const wanted = name.slice('tag:'.length)
  return (record) => tagsOf(record).flatMap(({ key, value }) => (key === wanted ? [value] : []))
}

/**
 * A test for records: every filter must match, by any of its values. With `tagsOf` records are also found by their tags.
 * Throws the service's fault for a name that is not in the table.
 */
export function filtering<Kind>(
  table: FilterTable<Kind>,
  asked: readonly { Name: string; Value: readonly string[] }[],
  tagsOf?: (record: Kind) => readonly Tag[],
): (record: Kind) => boolean {
  const tests = asked.map(({ Name, Value }) => {
    const read = Object.hasOwn(table, Name) ? table[Name] : tagsOf && tagReader(Name, tagsOf)
    if (!read) throw fault('invalidFilter', Name)
    const patterns = Value.map(stepsOf)
    return (record: Kind) => read(record).some((value) => patterns.some((wanted) => fits(wanted, String(value ?? ''))))
  })
  return (record) => tests.every((test) => test(record))
}
