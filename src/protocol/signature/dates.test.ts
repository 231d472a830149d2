import { expect, test } from 'vitest'
import { amzDate, isoDate, parseDate } from './dates.ts'

const time = new Date('2007-03-27T19:36:42Z')

test.each([
  '20070327T193642Z',
  '2007-03-27T19:36:42Z',
  '2007-03-27T19:36:42',
  '2007-03-27T19:36:42.000Z',
  'Tue, 27 Mar 2007 19:36:42 GMT',
  'Tue, 27 Mar 2007 19:36:42 -0000',
  'Tue, 27 Mar 2007 21:36:42 +0200',
  '27 Mar 2007 19:36:42 UTC',
])('reads %s', (text) => {
  expect(parseDate(text)).toEqual(time)
})

test.each([
  '',
  'Bad Date',
  '20070231T193642Z',
  '2007-13-27T19:36:42Z',
  '20070327',
  '1175024202',
  'Tue, 27 Foo 2007 19:36:42 GMT',
  'Tue, 07 Jul 1950 21:53:04 GMT',
])('refuses %j', (text) => {
  expect(parseDate(text)).toBeUndefined()
})

test('writes what it reads', () => {
  expect(amzDate(time)).toBe('20070327T193642Z')
  expect(isoDate(time)).toBe('2007-03-27T19:36:42Z')
})
