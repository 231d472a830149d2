import type { Condition, ConditionContext } from './policy-conditions.ts'
import { fits, isObject, type Json, MalformedPolicy, textsIn } from './policy-text.ts'

export { MalformedPolicy }

/** Patterns with `*` and `?`, or all that they do not match. */
export interface Patterns {
  readonly patterns: readonly string[]
  readonly negated: boolean
}

/** One statement of a policy that says what may be done: by the role that has it, or by those whom it names. */
export interface Statement {
  readonly effect: Effect
  readonly actions: Patterns
  readonly resources: Patterns
  /** Of a resource's policy: whom it is about, as `*` or as kind and name (`AWS:000000000001`). */
  readonly principals?: { readonly names: readonly string[]; readonly negated: boolean }
  readonly conditions?: readonly Condition[]
}

/** One statement of a policy that says who may take a role on. */
export interface TrustStatement {
  readonly effect: Effect
  readonly actions: Patterns
  /** `AWS` or `Service`, and its name; `*` with the name `*` is everybody. */
  readonly principals: readonly (readonly [kind: string, name: string])[]
}

/** What a statement does. */
export type Effect = 'Allow' | 'Deny'

/** What an action is on: one thing, or (`isWhole`) everything that the name stands for. */
export interface PolicyResource {
  readonly arn: string
  readonly isWhole?: boolean
}

const covers = ({ patterns, negated }: Patterns, text: string) =>
  patterns.some((pattern) => fits(pattern, text)) !== negated

/** Whether a statement speaks of a resource. Of a whole, a denial of any part counts, and no permission of a part. */
function concerns({ effect, resources }: Statement, { arn, isWhole = false }: PolicyResource): boolean {
  if (!isWhole) return covers(resources, arn)
  return effect === 'Deny' || (!resources.negated && covers(resources, arn))
}

/** Every resource there is, of which none is told apart. */
const everything: PolicyResource = { arn: '*', isWhole: true }

/** What statements are asked. */
export interface Question {
  readonly action: string
  readonly resource?: PolicyResource
  /** All names of who asks, `*` among them; needed for statements with principals. */
  readonly names?: ReadonlySet<string>
  readonly context?: ConditionContext
}

function applies(statement: Statement, { action, resource = everything, names, context }: Question): boolean {
  const { actions, principals, conditions = [] } = statement
  return (
    (!principals || principals.names.some((name) => names?.has(name)) !== principals.negated) &&
    covers(actions, action.toLowerCase()) &&
    concerns(statement, resource) &&
    conditions.every(({ holds }) => holds(context ?? new Map()))
  )
}

/** What the statements say of an action: a denial counts more than any permission. Names of actions count in any case. */
export function decide(statements: readonly Statement[], question: Question): Effect | undefined {
  const effects = statements.filter((statement) => applies(statement, question)).map(({ effect }) => effect)
  return effects.includes('Deny') ? 'Deny' : effects[0]
}

/** Whether the statements allow an action: one must, and none may deny it. */
export function allows(statements: readonly Statement[], action: string, resource?: PolicyResource): boolean {
  return decide(statements, { action, ...(resource && { resource }) }) === 'Allow'
}

/** Whether a role may be taken on by a principal that is known by several names. */
export function trusts(
  statements: readonly TrustStatement[],
  action: string,
  principal: { readonly kind: 'AWS' | 'Service'; readonly names: readonly string[] },
): boolean {
  const effects = statements
    .filter(({ actions, principals }) => {
      const isNamed = principals.some(
        ([kind, name]) => kind === '*' || (kind === principal.kind && principal.names.includes(name)),
      )
      return isNamed && covers(actions, action.toLowerCase())
    })
    .map(({ effect }) => effect)
  return effects.includes('Allow') && !effects.includes('Deny')
}

/** Reads `Name` or `NotName`, of which a statement must have exactly one. Throws MalformedPolicy. */
export function patternsOf(statement: Json, name: string, form: RegExp): Patterns {
  const negated = Object.hasOwn(statement, `Not${name}`)
  if (negated === Object.hasOwn(statement, name)) {
    throw new MalformedPolicy(`a statement must have either ${name} or Not${name}`)
  }
  const key = negated ? `Not${name}` : name
  const patterns = textsIn(statement[key], key)
  const wrong = patterns.find((pattern) => !form.test(pattern))
  if (wrong !== undefined) throw new MalformedPolicy(`${wrong} is no ${name.toLowerCase()}`)
  return { patterns, negated }
}

/** Reads `Action` or `NotAction`, in lower case. Throws MalformedPolicy. */
export function actionsOf(statement: Json): Patterns {
  const { patterns, negated } = patternsOf(statement, 'Action', /^(\*|[\w-]+:[\w*?-]+)$/)
  return { patterns: patterns.map((pattern) => pattern.toLowerCase()), negated }
}

/** Reads `Effect`. Throws MalformedPolicy. */
export function effectOf(statement: Json): Effect {
  const effect = statement['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw new MalformedPolicy('Effect must be Allow or Deny')
  return effect
}

/** The statements of a document, with no elements but those that are `known`. Throws MalformedPolicy. */
export function statementsOf(text: string, known: readonly string[]): Json[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new MalformedPolicy(`the document is not JSON: ${(error as Error).message}`, { cause: error })
  }
  if (!isObject(document)) throw new MalformedPolicy('the document must be an object')
  const extra = Object.keys(document).find((name) => !['Version', 'Id', 'Statement'].includes(name))
  if (extra !== undefined) throw new MalformedPolicy(`${extra} is no element of a policy`)
  const version = document['Version'] ?? '2008-10-17'
  if (version !== '2008-10-17' && version !== '2012-10-17') throw new MalformedPolicy(`${version} is no version`)
  const statements = [document['Statement']].flat()
  if (!statements.length || !statements.every(isObject)) throw new MalformedPolicy('Statement must hold statements')
  for (const name of statements.flatMap((statement) => Object.keys(statement))) {
    if (name === 'Condition' && !known.includes(name)) {
      throw new MalformedPolicy('Condition is not evaluated by this cloud')
    }
    if (!known.includes(name)) throw new MalformedPolicy(`${name} is no element of a statement of this policy`)
  }
  return statements
}

/** Reads a policy that says what a role may do. Throws MalformedPolicy. */
export function readPolicy(text: string): Statement[] {
  const known = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource']
  return statementsOf(text, known).map((statement) => ({
    effect: effectOf(statement),
    actions: actionsOf(statement),
    resources: patternsOf(statement, 'Resource', /^(\*|arn:.+)$/),
  }))
}

function principalsOf(value: unknown): [string, string][] {
  if (value === '*') return [['*', '*']]
  if (!isObject(value) || !Object.keys(value).length) throw new MalformedPolicy('Principal must name somebody')
  return Object.entries(value).flatMap(([kind, names]) => {
    if (kind !== 'AWS' && kind !== 'Service') throw new MalformedPolicy(`${kind} is no principal of this cloud`)
    return textsIn(names, kind).map((name): [string, string] => [kind === 'AWS' && name === '*' ? '*' : kind, name])
  })
}

/** Reads a policy that says who may take a role on. Throws MalformedPolicy. */
export function readTrust(text: string): TrustStatement[] {
  return statementsOf(text, ['Sid', 'Effect', 'Action', 'NotAction', 'Principal']).map((statement) => ({
    effect: effectOf(statement),
    actions: actionsOf(statement),
    principals: principalsOf(statement['Principal']),
  }))
}
