import type { Fidelity } from '../../src/protocol/faults.ts'
import { parseDate } from '../../src/protocol/signature/dates.ts'
import type { FormFields } from '../../src/protocol/signature/verify-policy.ts'
import { fault } from './faults.ts'

/** How many bytes the file of a form may have. */
export interface SizeRange {
  readonly least: number
  readonly most: number
}

/** One condition of a policy: the fields that it speaks of, and whether they are as it says. */
interface Condition {
  readonly names: readonly string[]
  readonly holds: (fields: FormFields) => boolean
  readonly range?: SizeRange
}

const broken = 'Error processing the policy'

/** The policy as JSON. `\$` is an escape of its own in policies (S3 API reference, POST policy). */
function parsed(policy: string): Record<string, unknown> {
  const text = Buffer.from(policy, 'base64').toString('utf8')
  try {
    const value: unknown = JSON.parse(text.replace(/\\(.)/gs, (pair, escaped) => (escaped === '$' ? '$' : pair)))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw fault('policyInvalid', broken, 'Invalid JSON.')
}

function checkExpiration(expiration: unknown, now: Date, fidelity: Fidelity): void {
  if (expiration === undefined) {
    // Eucalyptus' checker lets a policy be good for ever.
    if (fidelity === 'aws') throw fault('policyInvalid', '', 'Policy missing expiration.')
    return
  }
  const until = typeof expiration === 'string' ? parseDate(expiration) : undefined
  if (!until) throw fault('policyInvalid', broken, `Invalid 'expiration' value: '${String(expiration)}'`)
  if (now > until) throw fault('policyRefuses', `Expired policy: ${String(expiration)}`, 'Policy expired.')
}

const isScalar = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'
const nameIn = (text: string) => text.replace(/^\$/, '').toLowerCase()

/** `{"bucket": "b"}`: AWS takes one member in each, Eucalyptus any number; all of them count here. */
function exact(condition: object, fidelity: Fidelity): Condition {
  const members = Object.entries(condition)
  if (members.length === 0 || (fidelity === 'aws' && members.length > 1)) {
    throw fault('policyInvalid', 'Policy conditions not met', 'Invalid Simple-Condition: one property is expected.')
  }
  const names = members.map(([name]) => nameIn(name))
  return {
    names,
    holds: (fields) => members.every(([name, value]) => isScalar(value) && fields.get(nameIn(name)) === String(value)),
  }
}

/** `["content-length-range", 1, 10]`, or as Eucalyptus' checker reads it `["content-length-range", "$…", "1,10"]`. */
function sizeCondition([first, second]: readonly unknown[], fidelity: Fidelity): Condition {
  const pair =
    fidelity === 'eucalyptus' && typeof second === 'string' && second.includes(',')
      ? second.split(',')
      : [first, second]
  const [least, most] = pair.map((bound) => (isScalar(bound) && /^\d{1,15}$/.test(String(bound)) ? Number(bound) : -1))
  if (pair.length !== 2 || least === undefined || most === undefined || least < 0 || most < 0) {
    throw fault('policyInvalid', 'Policy conditions not met', 'Invalid content-length-range.')
  }
  return { names: [], holds: () => true, range: { least, most } }
}

/** `["eq", "$key", "k"]`, `["starts-with", "$key", "k"]` or the size of the file. */
function matching([operator, ...operands]: readonly unknown[], fidelity: Fidelity): Condition {
  const word = typeof operator === 'string' ? operator.toLowerCase() : ''
  if (word === 'content-length-range') return sizeCondition(operands, fidelity)
  const [name, value] = operands
  if ((word !== 'eq' && word !== 'starts-with') || operands.length !== 2 || !isScalar(name) || !isScalar(value)) {
    throw fault(
      'policyInvalid',
      'Policy conditions not met',
      `Invalid condition: ${JSON.stringify([operator, ...operands])}`,
    )
  }
  const [field, wanted] = [nameIn(String(name)), String(value)]
  const holds = (sent: string | undefined) =>
    sent !== undefined && (word === 'eq' ? sent === wanted : sent.startsWith(wanted))
  return { names: [field], holds: (fields) => holds(fields.get(field)) }
}

function conditionsOf(list: unknown, fidelity: Fidelity): (Condition & { readonly text: string })[] {
  if (!Array.isArray(list)) throw fault('policyInvalid', broken, 'Policy missing conditions.')
  return list.map((one: unknown) => {
    if (typeof one !== 'object' || one === null) throw fault('policyInvalid', broken, 'Invalid condition.')
    const condition = Array.isArray(one) ? matching(one, fidelity) : exact(one, fidelity)
    return { ...condition, text: JSON.stringify(one) }
  })
}

/** Fields that no condition needs to speak of. */
const free = new Set(['awsaccesskeyid', 'signature', 'x-amz-signature', 'policy', 'file'])
/** Those that Eucalyptus lets pass besides: a form's button and the headers of HTTP. */
const freeInEucalyptus = new Set([
  ...['submit', 'cache-control', 'content-type', 'content-disposition', 'content-encoding', 'expires'],
])

/**
 * Checks the fields of a form, their names in lower case and `bucket` among them, against its policy: time, every
 * condition, and that every field is spoken of. Resolves with the sizes that the file may have. Throws Fault.
 */
export function checkPolicy(fields: FormFields, now: Date, fidelity: Fidelity): SizeRange {
  const policy = parsed(fields.get('policy') ?? '')
  checkExpiration(policy['expiration'], now, fidelity)
  const conditions = conditionsOf(policy['conditions'], fidelity)
  const failed = conditions.find(({ holds }) => !holds(fields))
  if (failed) throw fault('policyRefuses', 'Policy conditions not met', `Policy Condition failed: ${failed.text}`)
  const spokenOf = new Set(conditions.flatMap(({ names }) => names))
  const isFree = (name: string) =>
    name.startsWith('x-ignore-') || free.has(name) || (fidelity === 'eucalyptus' && freeInEucalyptus.has(name))
  const extra = [...fields.keys()].filter((name) => !spokenOf.has(name) && !isFree(name))
  if (extra.length) {
    const all = 'All fields except those marked with x-ignore- should be in policy.'
    throw fault('policyRefuses', all, `Extra input fields: ${extra.join(', ')}`)
  }
  const ranges = conditions.flatMap(({ range }) => range ?? [])
  return {
    least: Math.max(0, ...ranges.map(({ least }) => least)),
    most: Math.min(Number.MAX_SAFE_INTEGER, ...ranges.map(({ most }) => most)),
  }
}
