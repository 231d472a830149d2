import { describe, expect, test } from 'vitest'
import { nest, parseForm } from './query.ts'
import { BadParameter, type Fields, flag, integer, list, oneOf, optional, readFields, struct, text } from './shape.ts'

const read = <Input extends Fields>(fields: Input, body: string) => readFields(fields, nest(parseForm(body)))
const refusal = (fields: Fields, body: string) => {
  try {
    read(fields, body)
  } catch (error) {
    if (error instanceof BadParameter) return { kind: error.kind, parameters: error.parameters, value: error.value }
    throw error
  }
  throw new Error(`${body} was taken`)
}

const values: [shape: Fields[string], body: string, value: unknown][] = [
  [text, 'X=abc', 'abc'],
  [text, 'X=', ''],
  [integer, 'X=0', 0],
  [integer, 'X=-5', -5],
  [integer, 'X=007', 7],
  [integer, 'X=9007199254740991', 9007199254740991],
  [flag, 'X=true', true],
  [flag, 'X=False', false],
  [oneOf('gp2', 'io1'), 'X=io1', 'io1'],
  [optional(text), '', undefined],
  [optional(integer), 'X=', undefined],
  [optional(integer), 'X=3', 3],
  [list(text), '', []],
  [list(text), 'X=', []],
  [list(text), 'X.2=b&X.1=a&X.10=c', ['a', 'b', 'c']],
  [list(text), 'X.1=', ['']],
  [list(struct({ Name: text, Value: list(text) })), 'X.1.Name=a&X.1.Value.1=b', [{ Name: 'a', Value: ['b'] }]],
  [struct({ Zone: optional(text), Hosts: list(text) }), '', { Zone: undefined, Hosts: [] }],
  [struct({ Zone: optional(text) }), 'X.Zone=one', { Zone: 'one' }],
  [optional(struct({ Zone: text })), '', undefined],
]

const refusals: [
  shape: Fields[string],
  body: string,
  kind: BadParameter['kind'],
  parameters: string[],
  value?: string,
][] = [
  [text, '', 'missing', ['X']],
  [text, 'X.1=a', 'malformed', ['X']],
  [integer, 'X=', 'malformed', ['X'], ''],
  [integer, 'X=1.5', 'malformed', ['X'], '1.5'],
  [integer, 'X=1e3', 'malformed', ['X'], '1e3'],
  [integer, 'X=0x10', 'malformed', ['X'], '0x10'],
  [integer, 'X=%201', 'malformed', ['X'], ' 1'],
  [integer, 'X=9007199254740992', 'malformed', ['X'], '9007199254740992'],
  [flag, 'X=1', 'malformed', ['X'], '1'],
  [flag, 'X=constructor', 'malformed', ['X'], 'constructor'],
  [flag, 'X=__proto__', 'malformed', ['X'], '__proto__'],
  [oneOf('gp2', 'io1'), 'X=IO1', 'malformed', ['X'], 'IO1'],
  [list(text), 'X=a', 'malformed', ['X'], 'a'],
  [list(text), 'X.a=1', 'unknown', ['X.a']],
  [list(text), 'X.a.b=1&X.a.c=2', 'unknown', ['X.a.b', 'X.a.c']],
  [list(text), 'X.-1=a', 'unknown', ['X.-1']],
  [list(integer), 'X.1=1&X.2=two', 'malformed', ['X.2'], 'two'],
  [list(struct({ Name: text })), 'X.3.Value=1', 'unknown', ['X.3.Value']],
  [list(struct({ Name: text, Value: text })), 'X.3.Name=1', 'missing', ['X.3.Value']],
  [struct({ Zone: text }), 'X=a', 'malformed', ['X'], 'a'],
  [struct({ Zone: text }), '', 'missing', ['X.Zone']],
  [struct({ Zone: text }), 'X.Zone.1=a', 'malformed', ['X.Zone']],
]

describe('a shape', () => {
  test.each(values)('%# reads %s', (shape, body, value) => expect(read({ X: shape }, body)).toEqual({ X: value }))

  test.each(refusals)('%# refuses "%s" as %s: %j', (shape, body, kind, parameters, value) => {
    expect(refusal({ X: shape }, body)).toEqual({ kind, parameters, value })
  })
})

describe('readFields', () => {
  const fields = { VolumeId: text, InstanceId: text, Force: optional(flag) }

  test('gives every field a value', () => {
    expect(read(fields, 'VolumeId=vol-1&InstanceId=i-1')).toEqual({
      VolumeId: 'vol-1',
      InstanceId: 'i-1',
      Force: undefined,
    })
  })

  test.each([
    ['unknown before anything else, all of them', 'Foo=1&Bar.1.Baz=2&Force=maybe', 'unknown', ['Foo', 'Bar.1.Baz']],
    ['missing before malformed, all of them', 'Force=maybe', 'missing', ['VolumeId', 'InstanceId']],
    ['malformed last, the first one', 'VolumeId=vol-1&InstanceId=i-1&Force=maybe', 'malformed', ['Force']],
    ['names that every object has', 'constructor=1&__proto__.x=2', 'unknown', ['constructor', '__proto__.x']],
  ])('complains of %s', (_case, body, kind, parameters) => {
    expect(refusal(fields, body)).toMatchObject({ kind, parameters })
  })
})
