/** A query request's parameters as a tree: `Filter.1.Name=x` is `{ Filter: { 1: { Name: 'x' } } }`. */
export type Parameters = Map<string, Parameters | string>

/** A parameter that cannot be placed in the tree: given twice, or both a value and a branch. */
export class ParameterConflict extends Error {
  override readonly name = 'ParameterConflict'
  readonly parameter: string
  constructor(parameter: string) {
    super(`The parameter ${parameter} is given more than once`)
    this.parameter = parameter
  }
}

/** Steps of the longest name that is taken apart; real ones have half as many. */
const deepest = 16

/** Decodes a form body or a query string (`application/x-www-form-urlencoded`) into pairs, in order. */
export function parseForm(text: string): [name: string, value: string][] {
  return [...new URLSearchParams(text)]
}

/**
 * Nests dotted parameter names. An exact repeat is dropped, as clients with signature version 2 send some
 * (threats.md); another value under the same name throws ParameterConflict. A name with more steps than any real one
 * stays whole, so that it ends as an unknown parameter and not as a tree too deep to walk.
 */
export function nest(pairs: Iterable<readonly [string, string]>): Parameters {
  const root: Parameters = new Map()
  for (const [name, value] of pairs) {
    const steps = name.split('.', deepest + 1)
    const path = steps.length > deepest ? [name] : steps
    const last = path.pop() ?? ''
    let branch = root
    for (const step of path) {
      const next = branch.get(step) ?? new Map<string, Parameters | string>()
      if (typeof next === 'string') throw new ParameterConflict(name)
      branch.set(step, next)
      branch = next
    }
    const present = branch.get(last)
    if (present !== undefined && present !== value) throw new ParameterConflict(name)
    branch.set(last, value)
  }
  return root
}

/** The dotted names of every value in a tree, for the message about unknown parameters. */
export function leaves(tree: Parameters, prefix = ''): string[] {
  return [...tree].flatMap(([name, value]) =>
    typeof value === 'string' ? [prefix + name] : leaves(value, `${prefix}${name}.`),
  )
}
