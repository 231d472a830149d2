import assert from 'node:assert/strict'
import type { Parameters } from '../src/client/ec2.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import { mostPages } from './limits.ts'
import { refusal } from './refusal.ts'
import type { Tools } from './tools.ts'

/** How one kind of resource is described. */
export interface Described {
  readonly action: string
  /** The field of the answer with the list. */
  readonly set: string
  /** The field with the name by which a resource is known. */
  readonly id: string
  /** What one entry of the list holds, when it is not one resource. */
  readonly each?: (entry: Xml) => Xml[]
  /** What is asked for besides: of images and snapshots the own ones, as those of all accounts of AWS are too many. */
  readonly asked?: Parameters
}

/** The ids of the resources that a description shows, on all of its pages. */
async function shownIds({ administrator }: Tools, described: Described, Filter: Parameters[]) {
  const { action, set, id, each, asked } = described
  const seen: (string | undefined)[] = []
  let NextToken: string | undefined
  for (let page = 0; page < mostPages; page += 1) {
    const answer: Xml = await administrator.ec2.call(action, { ...asked, Filter, NextToken })
    const entries = list(answer, set)
    seen.push(...entries.flatMap((entry) => each?.(entry) ?? [entry]).map((entry) => text(entry, id)))
    NextToken = text(answer, 'nextToken') || undefined
    if (NextToken === undefined) return seen
  }
  throw new Error(`${action} has more than ${mostPages} pages`)
}

/**
 * Asserts that each filter finds a resource by the value that it has, and not by another; that of several values one is
 * enough, and of several filters all have to fit; that `*` is any text and `?` one character, and neither is more than that; and
 * that a filter of no such name is refused. `other` is a second resource of the kind, for which no value of `narrow`, one of the
 * filters, fits.
 */
export async function assertFilters(
  tools: Tools,
  described: Described,
  {
    id,
    other,
    narrow,
    filters,
  }: { id: string; other: string; narrow: string; filters: Readonly<Record<string, string>> },
): Promise<void> {
  const found = async (...Filter: Parameters[]) => {
    const shown = await shownIds(tools, described, Filter)
    return [shown.includes(id), shown.includes(other)]
  }
  for (const [Name, value] of Object.entries(filters)) {
    const [is] = await found({ Name, Value: [value] })
    assert.ok(is, `${id} is not found by ${Name}=${value}`)
    const wrong = await found({ Name, Value: ['conformance-no-such-value'] })
    assert.deepEqual(wrong, [false, false], `${Name} finds what does not have the value`)
  }
  const value = filters[narrow] ?? ''
  const fits = { Name: narrow, Value: ['conformance-no-such-value', value] }
  assert.deepEqual(await found(fits), [true, false], `${narrow} with two values`)
  const [beginning, one] = [`${value.slice(0, -2)}*`, `${value.slice(0, -1)}?`]
  for (const pattern of [beginning, one]) {
    assert.equal((await found({ Name: narrow, Value: [pattern] }))[0], true, `${narrow}=${pattern}`)
  }
  // The last one wants a character before the first.
  for (const pattern of ['conformance-no-such*', 'conformance-no-such-valu?', `?${value}*`]) {
    assert.deepEqual(await found({ Name: narrow, Value: [pattern] }), [false, false], `${narrow}=${pattern}`)
  }
  for (const Name of Object.keys(filters)) {
    if (Name === narrow) continue
    const both = [fits, { Name, Value: ['conformance-no-such-value'] }]
    assert.deepEqual(await found(...both), [false, false], `${narrow} and ${Name}, which does not fit`)
  }
  await tools.refuses(found({ Name: 'colour', Value: ['blue'] }), {
    eucalyptus: refusal('InternalFailure', 500, /colour/),
    aws: refusal('InvalidParameterValue', 400, /colour/),
  })
}
