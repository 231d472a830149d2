import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FilterTable, filtering } from './filters.ts'

interface Record {
  readonly name: string
  readonly size?: number
  readonly open?: boolean
}
const table: FilterTable<Record> = {
  name: ({ name }) => [name],
  size: ({ size }) => [size],
  open: ({ open }) => [open],
  letters: ({ name }) => [...name],
  nothing: () => [],
}
const matches = (record: Record, ...asked: [string, ...string[]][]) =>
  filtering(
    table,
    asked.map(([Name, ...Value]) => ({ Name, Value })),
  )(record)

describe('a filter', () => {
  test.each<[string, string, boolean]>([
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['abc', 'abcd', false],
    ['abc', 'ABC', false],
    ['abc', 'a*', true],
    ['abc', '*c', true],
    ['abc', '*b*', true],
    ['abc', '*', true],
    ['', '*', true],
    ['', '?', false],
    ['', '', true],
    ['abc', 'a?c', true],
    ['abc', 'a??c', false],
    ['abc', '???', true],
    ['a*c', 'a\\*c', true],
    ['abc', 'a\\*c', false],
    ['a?c', 'a\\?c', true],
    ['a\\c', 'a\\\\c', true],
    ['a\\', 'a\\', true],
    ['abc', '\\a\\b\\c', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['abc', '(abc)', false],
    ['two\nlines', 'two*lines', true],
    ['two\nlines', 'two?lines', true],
    ['abcabd', '*ab?', true],
    ['mississippi', 'm*iss*p*', true],
    ['mississippi', 'm*iss*x*', false],
  ])('%j by %j: %s', (name, pattern, expected) => expect(matches({ name }, ['name', pattern])).toBe(expected))

  test.each<[string, [string, ...string[]][], boolean]>([
    ['no filter matches all', [], true],
    ['any of its values', [['name', 'x', 'disk']], true],
    [
      'every filter',
      [
        ['name', 'disk'],
        ['size', '8'],
      ],
      false,
    ],
    ['a number as its text', [['size', '7']], true],
    ['a flag as its text', [['open', 'false']], true],
    ['any of several values of the record', [['letters', 's']], true],
    ['no value asked for', [['name']], false],
    ['a record without values', [['nothing', '*']], false],
  ])('%s', (_title, asked, expected) =>
    expect(matches({ name: 'disk', size: 7, open: false }, ...asked)).toBe(expected),
  )

  test('does not take forever', () => {
    const name = 'a'.repeat(2000)
    expect(matches({ name }, ['name', `${'*a'.repeat(500)}b`])).toBe(false)
    expect(matches({ name }, ['name', '*a'.repeat(500)])).toBe(true)
  })

  test('agrees with a regular expression', () => {
    const letter = fc.constantFrom('a', 'b')
    fc.assert(
      fc.property(fc.string({ unit: letter }), fc.string({ unit: fc.constantFrom('a', 'b', '*', '?') }), (name, by) => {
        const expression = new RegExp(`^${by.replaceAll('*', '.*').replaceAll('?', '.')}$`)
        expect(matches({ name }, ['name', by])).toBe(expression.test(name))
      }),
    )
  })

  test.each(['colour', 'constructor', '__proto__', 'tag:Name'])('%s is not in the table', (name) =>
    expect(() => matches({ name: 'x' }, [name, 'y'])).toThrow(`The filter '${name}' is invalid.`),
  )

  test.each<[string, string, boolean]>([
    ['tag-key', 'r?le', true],
    ['tag-key', 'web', false],
    ['tag-value', 'web', true],
    ['tag-value', 'role', false],
    ['tag:role', 'w*', true],
    ['tag:role', 'db', false],
    ['tag:r*', 'web', false],
    ['tag:', '*', false],
    ['tag:', '', false],
    ['tag:empty', '', true],
  ])('%s by %j of a record with tags: %s', (Name, value, expected) => {
    const tags = [
      { key: 'role', value: 'web' },
      { key: 'empty', value: '' },
    ]
    expect(filtering<Record>({}, [{ Name, Value: [value] }], () => tags)({ name: 'x' })).toBe(expected)
  })
})
