/** Patterns with `*` and `?`, or all that they do not match. */
interface Patterns {
  readonly patterns: readonly string[]
  readonly negated: boolean
}

/** One statement of a policy that says what a role may do. */
export interface Statement {
  readonly effect: Effect
  readonly actions: Patterns
  readonly resources: Patterns
}

/** One statement of a policy that says who may take a role on. */
export interface TrustStatement {
  readonly effect: Effect
  readonly actions: Patterns
  /** `AWS` or `Service`, and its name; `*` with the name `*` is everybody. */
  readonly principals: readonly (readonly [kind: string, name: string])[]
}

type Effect = 'Allow' | 'Deny'

/** What an action is on: one thing, or (`isWhole`) everything that the name stands for. */
export interface PolicyResource {
  readonly arn: string
  readonly isWhole?: boolean
}

/** A document that is no policy, or has what this cloud does not evaluate: it is refused rather than misread. */
export class MalformedPolicy extends Error {
  override readonly name = 'MalformedPolicy'
}

/** Whether `text` fits a pattern in which `*` is any text and `?` any character. */
function fits(pattern: string, text: string): boolean {
  let [at, star, mark] = [0, -1, 0]
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++
      mark = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      index = ++mark
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
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

/** Whether the statements allow an action: one must, and none may deny it. Names of actions count in any case. */
export function allows(statements: readonly Statement[], action: string, resource = everything): boolean {
  const effects = statements
    .filter((statement) => covers(statement.actions, action.toLowerCase()) && concerns(statement, resource))
    .map(({ effect }) => effect)
  return effects.includes('Allow') && !effects.includes('Deny')
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

type Json = { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function texts(value: unknown, what: string): string[] {
  const all = Array.isArray(value) ? value : [value]
  if (!all.length || !all.every((one): one is string => typeof one === 'string')) {
    throw new MalformedPolicy(`${what} must be a text or a list of texts`)
  }
  const variable = all.find((one) => one.includes('${'))
  if (variable !== undefined) throw new MalformedPolicy(`${variable}: variables are not evaluated by this cloud`)
  return all
}

/** Reads `Name` or `NotName`, of which a statement must have exactly one. */
function patternsOf(statement: Json, name: string, form: RegExp): Patterns {
  const negated = Object.hasOwn(statement, `Not${name}`)
  if (negated === Object.hasOwn(statement, name)) {
    throw new MalformedPolicy(`a statement must have either ${name} or Not${name}`)
  }
  const key = negated ? `Not${name}` : name
  const patterns = texts(statement[key], key)
  const wrong = patterns.find((pattern) => !form.test(pattern))
  if (wrong !== undefined) throw new MalformedPolicy(`${wrong} is no ${name.toLowerCase()}`)
  return { patterns, negated }
}

function actionsOf(statement: Json): Patterns {
  const { patterns, negated } = patternsOf(statement, 'Action', /^(\*|[\w-]+:[\w*?-]+)$/)
  return { patterns: patterns.map((pattern) => pattern.toLowerCase()), negated }
}

function effectOf(statement: Json): Effect {
  const effect = statement['Effect']
  if (effect !== 'Allow' && effect !== 'Deny') throw new MalformedPolicy('Effect must be Allow or Deny')
  return effect
}

/** The statements of a document, with no elements but those that are `known`. */
function statementsOf(text: string, known: readonly string[]): Json[] {
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
    if (name === 'Condition') throw new MalformedPolicy('Condition is not evaluated by this cloud')
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
    return texts(names, kind).map((name): [string, string] => [kind === 'AWS' && name === '*' ? '*' : kind, name])
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
