import { BlockList, isIP } from 'node:net'
import { fits, isObject, MalformedPolicy, textsIn } from './policy-text.ts'

/** What conditions are held against: the values of each key that a request has, by the key in lower case. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>

/** One operator on one key, such as `"StringLike": {"s3:prefix": ["a*", "b*"]}`. */
export interface Condition {
  /** In lower case. */
  readonly key: string
  readonly holds: (context: ConditionContext) => boolean
}

type Compare = (value: string, wanted: string) => boolean

/** How a family of operators compares, and what it takes as a value of a policy. */
interface Family {
  readonly compare: Compare
  readonly accepts?: (wanted: string) => boolean
}

const isNumber = (text: string) => /^-?\d+(\.\d+)?$/.test(text)

/** Milliseconds since 1970 of an ISO 8601 date, or of seconds since then. */
const timeOf = (text: string) => (isNumber(text) ? Number(text) * 1000 : Date.parse(text))

const isFlag = (text: string) => /^(true|false)$/i.test(text)

function subnet(text: string): { list: BlockList; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  const most = version === 4 ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  if (!version || prefix > most) return undefined
  const list = new BlockList()
  const family = version === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(address, prefix, family)
  return { list, family }
}

function isWithin(address: string, wanted: string): boolean {
  const range = subnet(wanted)
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
  return range?.family === family && range.list.check(address, family)
}

const numeric = (compare: (value: number, wanted: number) => boolean): Family => ({
  accepts: isNumber,
  compare: (value, wanted) => isNumber(value) && compare(Number(value), Number(wanted)),
})
const dated = (compare: (value: number, wanted: number) => boolean): Family => ({
  accepts: (text) => !Number.isNaN(timeOf(text)),
  compare: (value, wanted) => compare(timeOf(value), timeOf(wanted)),
})
const equal: Compare = (value, wanted) => value === wanted
const like: Compare = (value, wanted) => fits(wanted, value)
const arn: Family = { compare: like, accepts: (text) => /^(\*|arn:.+)$/.test(text) }

/** The operators (IAM user guide, JSON policy elements: condition operators), by their names in lower case. */
const families: Readonly<Record<string, Family>> = {
  stringequals: { compare: equal },
  stringequalsignorecase: { compare: (value, wanted) => value.toLowerCase() === wanted.toLowerCase() },
  stringlike: { compare: like },
  binaryequals: { compare: equal },
  arnequals: arn,
  arnlike: arn,
  ipaddress: { compare: isWithin, accepts: (text) => subnet(text) !== undefined },
  bool: { compare: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(), accepts: isFlag },
  numericequals: numeric((value, wanted) => value === wanted),
  numericlessthan: numeric((value, wanted) => value < wanted),
  numericlessthanequals: numeric((value, wanted) => value <= wanted),
  numericgreaterthan: numeric((value, wanted) => value > wanted),
  numericgreaterthanequals: numeric((value, wanted) => value >= wanted),
  dateequals: dated((value, wanted) => value === wanted),
  datelessthan: dated((value, wanted) => value < wanted),
  datelessthanequals: dated((value, wanted) => value <= wanted),
  dategreaterthan: dated((value, wanted) => value > wanted),
  dategreaterthanequals: dated((value, wanted) => value >= wanted),
}

/** The operators that hold where another does not. */
const opposites: Readonly<Record<string, string>> = {
  stringnotequals: 'stringequals',
  stringnotequalsignorecase: 'stringequalsignorecase',
  stringnotlike: 'stringlike',
  arnnotequals: 'arnequals',
  arnnotlike: 'arnlike',
  notipaddress: 'ipaddress',
  numericnotequals: 'numericequals',
  datenotequals: 'dateequals',
}

/** Values may be written as numbers and flags too. */
const valuesIn = (value: unknown, what: string) =>
  textsIn(
    [value].flat().map((one) => (typeof one === 'number' || typeof one === 'boolean' ? String(one) : one)),
    what,
  )

function nullCondition(key: string, wanted: readonly string[]): Condition {
  if (!wanted.every(isFlag)) throw new MalformedPolicy('Null takes true or false')
  return { key, holds: (context) => wanted.some((text) => /^true$/i.test(text) === !context.has(key)) }
}

/** Reads one operator: `ForAnyValue:` or `ForAllValues:` may stand before its name, `IfExists` behind. */
function conditionOf(operator: string, key: string, wanted: readonly string[]): Condition {
  const [, set, name = '', ifExists] = /^(?:(foranyvalue|forallvalues):)?(.*?)(ifexists)?$/.exec(operator) ?? []
  if (name === 'null' && !set && !ifExists) return nullCondition(key, wanted)
  const opposite = Object.hasOwn(opposites, name) ? opposites[name] : undefined
  const known = opposite ?? name
  const family = Object.hasOwn(families, known) ? families[known] : undefined
  if (!family) throw new MalformedPolicy(`Invalid Condition type : ${operator}`)
  const wrong = wanted.find((text) => family.accepts && !family.accepts(text))
  if (wrong !== undefined) throw new MalformedPolicy(`${wrong} is no value for ${operator}`)
  const matches = (value: string) => wanted.some((text) => family.compare(value, text)) === (opposite === undefined)
  return {
    key,
    holds(context) {
      const values = context.get(key)
      if (set === 'forallvalues') return (values ?? []).every(matches)
      if (!values?.length) return ifExists !== undefined || (opposite !== undefined && set === undefined)
      // Of several values without a word about sets: one must match, or for the opposites none.
      return opposite !== undefined && set === undefined ? values.every(matches) : values.some(matches)
    },
  }
}

/** Reads the Condition of a statement; all of them must hold. Throws MalformedPolicy. */
export function readConditions(value: unknown): Condition[] {
  if (value === undefined) return []
  if (!isObject(value)) throw new MalformedPolicy('Condition must be an object')
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw new MalformedPolicy(`${operator} must hold keys and values`)
    return Object.entries(keys).map(([key, wanted]) =>
      conditionOf(operator.toLowerCase(), key.toLowerCase(), valuesIn(wanted, key)),
    )
  })
}
