import { describe, expect, test } from 'vitest'
import { IllegalMove, type Life, move, shown } from './life.ts'

type State = 'new' | 'busy' | 'gone'
type Event = 'start' | 'end'
const life: Life<State, Event> = {
  new: { on: { start: 'busy', end: 'gone' } },
  busy: { shows: 'in-use', on: { end: 'gone' } },
  gone: { on: {} },
}

describe('move', () => {
  test.each<[State, Event, State | undefined]>([
    ['new', 'start', 'busy'],
    ['new', 'end', 'gone'],
    ['busy', 'start', undefined],
    ['busy', 'end', 'gone'],
    ['gone', 'start', undefined],
    ['gone', 'end', undefined],
  ])('%s, %s -> %s', (state, event, next) => {
    if (next) return expect(move(life, state, event)).toBe(next)
    expect(() => move(life, state, event)).toThrow(IllegalMove)
    expect(() => move(life, state, event)).toThrow(`${event} is not possible in the state ${state}`)
  })

  test('a refusal carries the state and the event', () => {
    const refusal = new IllegalMove('gone', 'start')
    expect([refusal.name, refusal.state, refusal.event]).toEqual(['IllegalMove', 'gone', 'start'])
  })
})

test.each<[State, string]>([
  ['new', 'new'],
  ['busy', 'in-use'],
])('%s is shown as %s', (state, name) => expect(shown(life, state)).toBe(name))
