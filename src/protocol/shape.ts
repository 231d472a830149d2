import { leaves, type Parameters } from './query.ts'

/** How one parameter is read: from its text or branch to a value. */
export interface Shape<Value> {
  /** Reads what was sent under `name` (dotted, for messages). Throws BadParameter. */
  read(sent: Parameters | string, name: string): Value
  /** What to take when nothing was sent under `name`; absent for a required parameter. */
  missing?: (name: string) => Value
}

/** The fields of an input, each with its shape. */
export type Fields = Record<string, Shape<unknown>>

/** The values that a set of fields reads to. */
export type Values<Input extends Fields> = {
  [Name in keyof Input]: Input[Name] extends Shape<infer Value> ? Value : never
}

/** Input that does not fit its shape. The service turns it into the fault of its dialect. */
export class BadParameter extends Error {
  override readonly name = 'BadParameter'
  readonly kind: 'missing' | 'malformed' | 'unknown'
  readonly parameters: readonly string[]
  readonly value: string | undefined

  constructor(kind: 'missing' | 'malformed' | 'unknown', parameters: readonly string[], value?: string) {
    super(`${kind} parameter: ${parameters.join(', ')}`)
    this.kind = kind
    this.parameters = parameters
    this.value = value
  }
}

const scalar = <Value>(convert: (text: string) => Value | undefined): Shape<Value> => ({
  read(sent, name) {
    const value = typeof sent === 'string' ? convert(sent) : undefined
    if (value === undefined) throw new BadParameter('malformed', [name], typeof sent === 'string' ? sent : undefined)
    return value
  },
})

/** Any text. */
export const text: Shape<string> = scalar((sent) => sent)

/** A decimal integer that JavaScript holds exactly. */
export const integer: Shape<number> = scalar((sent) => {
  const value = Number(sent)
  return /^-?\d+$/.test(sent) && Number.isSafeInteger(value) ? value : undefined
})

/** `true` or `false`, in any case. */
export const flag: Shape<boolean> = scalar((sent) =>
  new Map([
    ['true', true],
    ['false', false],
  ]).get(sent.toLowerCase()),
)

/** One of the given words. */
export const oneOf = <const Word extends string>(...words: Word[]): Shape<Word> =>
  scalar((sent) => words.find((word) => word === sent))

/** May be left out; then `undefined`. An empty text counts as left out, as query clients send it. */
export const optional = <Value>(shape: Shape<Value>): Shape<Value | undefined> => ({
  read: (sent, name) => (sent === '' ? undefined : shape.read(sent, name)),
  missing: () => undefined,
})

/** `Name.1`, `Name.2` …: a list in the order of its numbers; nothing sent is the empty list. */
export const list = <Value>(shape: Shape<Value>): Shape<Value[]> => ({
  read(sent, name) {
    if (typeof sent === 'string') {
      if (sent === '') return []
      throw new BadParameter('malformed', [name], sent)
    }
    const numbered = [...sent].map(([key, value]) => {
      if (!/^\d{1,5}$/.test(key)) throw new BadParameter('unknown', leaves(new Map([[`${name}.${key}`, value]])))
      return [Number(key), value] as const
    })
    return numbered.sort(([a], [b]) => a - b).map(([key, value]) => shape.read(value, `${name}.${key}`))
  },
  missing: () => [],
})

/** A group of named parameters: `Name.Field`. Left out as a whole it reads as if no field were sent. */
export const struct = <Input extends Fields>(fields: Input): Shape<Values<Input>> => ({
  read(sent, name) {
    if (typeof sent === 'string') throw new BadParameter('malformed', [name], sent)
    return readFields(fields, sent, `${name}.`)
  },
  missing: (name) => readFields(fields, new Map(), `${name}.`),
})

/**
 * Reads all fields of an input. Throws BadParameter: first for parameters that no field claims (the real cloud refuses
 * them before it looks at values, eucalyptus-behaviour.md section 1.2), then for missing and malformed ones.
 */
export function readFields<Input extends Fields>(fields: Input, sent: Parameters, prefix = ''): Values<Input> {
  const unknown = [...sent].filter(([name]) => !Object.hasOwn(fields, name))
  if (unknown.length) throw new BadParameter('unknown', leaves(new Map(unknown), prefix))
  const absent = Object.entries(fields).filter(([name, shape]) => !sent.has(name) && !shape.missing)
  if (absent.length)
    throw new BadParameter(
      'missing',
      absent.map(([name]) => prefix + name),
    )
  const values = Object.entries(fields).map(([name, shape]) => {
    const value = sent.get(name)
    return [name, value === undefined ? shape.missing?.(prefix + name) : shape.read(value, prefix + name)]
  })
  return Object.fromEntries(values)
}
