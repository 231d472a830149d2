import { describe, expect, test } from 'vitest'
import { readConditions } from './policy-conditions.ts'
import { MalformedPolicy } from './policy-text.ts'

const context = new Map(
  Object.entries({
    text: ['Some text'],
    number: ['10'],
    time: ['2024-03-01T12:00:00Z'],
    flag: ['true'],
    address: ['10.1.2.3'],
    address6: ['2001:db8::1'],
    arn: ['arn:aws:iam::000000000001:user/admin'],
    several: ['a', 'b'],
  }),
)
const hold = (condition: object) => readConditions(condition).every(({ holds }) => holds(context))

test.each<[operator: string, key: string, wanted: unknown, holds: boolean]>([
  ['StringEquals', 'text', 'Some text', true],
  ['StringEquals', 'TEXT', ['x', 'Some text'], true],
  ['StringEquals', 'text', 'some text', false],
  ['StringEquals', 'none', 'Some text', false],
  ['stringequals', 'text', 'Some text', true],
  ['StringEqualsIgnoreCase', 'text', 'SOME TEXT', true],
  ['StringNotEquals', 'text', 'other', true],
  ['StringNotEquals', 'text', ['other', 'Some text'], false],
  ['StringNotEquals', 'none', 'other', true],
  ['StringNotEqualsIgnoreCase', 'text', 'some TEXT', false],
  ['StringLike', 'text', 'S?me*', true],
  ['StringLike', 'text', 'some*', false],
  ['StringNotLike', 'text', 'S*', false],
  ['StringEqualsIfExists', 'none', 'x', true],
  ['StringEqualsIfExists', 'text', 'x', false],
  ['BinaryEquals', 'text', 'Some text', true],
  ['NumericEquals', 'number', 10, true],
  ['NumericEquals', 'number', '10.0', true],
  ['NumericNotEquals', 'number', '10', false],
  ['NumericLessThan', 'number', '10', false],
  ['NumericLessThanEquals', 'number', '10', true],
  ['NumericGreaterThan', 'number', '9', true],
  ['NumericGreaterThanEquals', 'number', '11', false],
  ['NumericEquals', 'text', '10', false],
  ['DateLessThan', 'time', '2024-03-01T12:00:01Z', true],
  ['DateLessThanEquals', 'time', '2024-03-01T12:00:00Z', true],
  ['DateGreaterThan', 'time', '1709294399', true],
  ['DateGreaterThanEquals', 'time', '2025-01-01', false],
  ['DateEquals', 'time', '2024-03-01T13:00:00+01:00', true],
  ['DateNotEquals', 'time', '2024-03-01T12:00:00Z', false],
  ['Bool', 'flag', true, true],
  ['Bool', 'flag', 'false', false],
  ['Bool', 'none', 'false', false],
  ['BoolIfExists', 'none', 'false', true],
  ['IpAddress', 'address', '10.1.0.0/16', true],
  ['IpAddress', 'address', ['192.168.0.0/16', '10.1.2.3'], true],
  ['IpAddress', 'address', '10.2.0.0/16', false],
  ['IpAddress', 'address6', '2001:db8::/32', true],
  ['IpAddress', 'address6', '10.1.0.0/16', false],
  ['NotIpAddress', 'address', '10.1.0.0/16', false],
  ['NotIpAddress', 'address', '10.2.0.0/16', true],
  ['ArnEquals', 'arn', 'arn:aws:iam::*:user/*', true],
  ['ArnLike', 'arn', 'arn:aws:iam::*:role/*', false],
  ['ArnNotLike', 'arn', 'arn:aws:iam::*:role/*', true],
  ['ArnNotEquals', 'arn', 'arn:aws:iam::*:user/*', false],
  ['Null', 'none', true, true],
  ['Null', 'text', 'true', false],
  ['Null', 'text', 'false', true],
  ['ForAnyValue:StringEquals', 'several', ['b', 'c'], true],
  ['ForAnyValue:StringEquals', 'several', 'c', false],
  ['ForAnyValue:StringEquals', 'none', 'c', false],
  ['ForAnyValue:StringNotEquals', 'several', 'a', true],
  ['ForAllValues:StringEquals', 'several', ['a', 'b', 'c'], true],
  ['ForAllValues:StringEquals', 'several', 'a', false],
  ['ForAllValues:StringEquals', 'none', 'a', true],
  ['StringEquals', 'several', 'b', true],
  ['StringNotEquals', 'several', 'b', false],
])('%s of %s and %j: %s', (operator, key, wanted, expected) =>
  expect(hold({ [operator]: { [key]: wanted } })).toBe(expected),
)

describe('several', () => {
  test('must all hold', () => {
    expect(hold({ StringEquals: { text: 'Some text', number: '10' }, Bool: { flag: true } })).toBe(true)
    expect(hold({ StringEquals: { text: 'Some text', number: '11' }, Bool: { flag: true } })).toBe(false)
    expect(hold({ StringEquals: { text: 'Some text' }, Bool: { flag: false } })).toBe(false)
  })

  test('are none where nothing is said', () => expect(readConditions(undefined)).toEqual([]))
})

test.each<[what: string, condition: unknown]>([
  ['no object', []],
  ['an operator without keys', { StringEquals: 'x' }],
  ['an unknown operator', { StringMatches: { a: 'b' } }],
  ['a name of objects', { constructor: { a: 'b' } }],
  ['no value', { StringEquals: { a: [] } }],
  ['a number that is none', { NumericEquals: { a: 'ten' } }],
  ['a date that is none', { DateEquals: { a: 'today' } }],
  ['a flag that is none', { Bool: { a: 'yes' } }],
  ['an address that is none', { IpAddress: { a: '10.0.0.0/33' } }],
  ['Null of something else', { Null: { a: 'x' } }],
  ['a set of Null', { 'ForAnyValue:Null': { a: 'true' } }],
  ['a variable', { StringEquals: { a: `$\{aws:username}` } }],
])('%s is refused', (_what, condition) => expect(() => readConditions(condition)).toThrow(MalformedPolicy))
