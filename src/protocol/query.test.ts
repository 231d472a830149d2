import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leaves, nest, ParameterConflict, type Parameters, parseForm } from './query.ts'

/** A tree as plain objects, to compare with. */
const plain = (tree: Parameters): unknown =>
  Object.fromEntries([...tree].map(([name, value]) => [name, typeof value === 'string' ? value : plain(value)]))

describe('parseForm', () => {
  test.each([
    ['', []],
    [
      'Action=RunInstances&MinCount=1',
      [
        ['Action', 'RunInstances'],
        ['MinCount', '1'],
      ],
    ],
    ['a=1+2%2B3%20%26', [['a', '1 2+3 &']]],
    ['a=%C3%A4%F0%9F%98%80', [['a', 'ä😀']]],
    [
      'a&b=',
      [
        ['a', ''],
        ['b', ''],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    [
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ])('%s', (body, pairs) => expect(parseForm(body)).toEqual(pairs))
})

describe('nest', () => {
  test.each([
    ['', {}],
    ['Action=X', { Action: 'X' }],
    [
      'Filter.1.Name=a&Filter.1.Value.1=b&Filter.1.Value.2=c',
      { Filter: { 1: { Name: 'a', Value: { 1: 'b', 2: 'c' } } } },
    ],
    ['a.b=1&a.c=2', { a: { b: '1', c: '2' } }],
    ['a=1&a=1', { a: '1' }],
    ['a.=1', { a: { '': '1' } }],
    ['constructor.toString=1', { constructor: { toString: '1' } }],
  ])('%s', (body, tree) => expect(plain(nest(parseForm(body)))).toEqual(tree))

  test.each([
    ['a=1&a=2', 'a'],
    ['a=1&a.b=2', 'a.b'],
    ['a.b=1&a=2', 'a'],
    ['a.b.c=1&a.b=', 'a.b'],
  ])('%s conflicts at %s', (body, parameter) => {
    expect(() => nest(parseForm(body))).toThrow(ParameterConflict)
    expect(() => nest(parseForm(body))).toThrow(expect.objectContaining({ parameter }))
  })

  test('__proto__ is a name like any other', () => {
    const tree = nest([['__proto__.polluted', 'yes']])
    expect([...tree.keys()]).toEqual(['__proto__'])
    expect({}).not.toHaveProperty('polluted')
  })

  test.each([17, 100_000])('a name of %i steps stays whole', (steps) => {
    const name = Array(steps).fill('a').join('.')
    const tree = nest([[name, '1']])
    expect(tree.get(name)).toBe('1')
    expect(leaves(tree)).toEqual([name])
  })

  test('leaves gives back the names that were sent, whatever they are', () => {
    const step = fc.string({ maxLength: 3 }).map((text) => text.replaceAll('.', ''))
    const name = fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join('.'))
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const clashes = names.some((one) => names.some((other) => other.startsWith(`${one}.`)))
        const pairs = names.map((one) => [one, 'x'] as const)
        if (clashes) expect(() => nest(pairs)).toThrow(ParameterConflict)
        else expect(leaves(nest(pairs)).sort()).toEqual([...names].sort())
      }),
    )
  })
})
