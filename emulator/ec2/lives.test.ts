import { describe, expect, test } from 'vitest'
import { IllegalMove, type Life, move } from '../state/life.ts'
import { imageLife } from './image/image.ts'
import { endings, instanceLife, stateCode } from './instance/instance.ts'
import { snapshotLife } from './snapshot/snapshot.ts'
import { bundleLife } from './task/bundle-task.ts'
import { conversionLife } from './task/conversion.ts'
import { exportLife } from './task/export-task.ts'
import { importLife } from './task/import-task.ts'
import { volumeLife } from './volume/volume.ts'

/** Every life of a resource, its first state, all events that there are, and the states that nothing follows. */
const lives: [name: string, life: Life<string, string>, first: string, events: string[], ends: string[]][] = [
  ['image', imageLife, 'pending', ['made', 'broke', 'deregister'], ['deleted']],
  [
    'instance',
    instanceLife,
    'pending',
    ['started', 'hostDown', 'halt', 'halted', 'start', 'end', 'gone'],
    ['terminated'],
  ],
  ['volume', volumeLife, 'creating', ['made', 'broke', 'attach', 'detach', 'delete', 'gone'], ['deleted']],
  ['snapshot', snapshotLife, 'pending', ['stored', 'broke'], ['completed', 'failed']],
  [
    'conversion task',
    conversionLife,
    'new',
    ['uploaded', 'begin', 'converted', 'done', 'cancel', 'cleaned', 'broke'],
    ['cancelled', 'completed', 'failed'],
  ],
  ['import task', importLife, 'active', ['done', 'cancel', 'broke', 'cleaned'], ['completed', 'deleted']],
  ['export task', exportLife, 'active', ['done', 'cancel', 'broke', 'cleaned'], ['cancelled', 'completed']],
  [
    'bundle task',
    bundleLife,
    'pending',
    ['begin', 'down', 'stored', 'cancel', 'broke'],
    ['cancelled', 'complete', 'failed'],
  ],
]

/** All states that can be reached from one, itself included. */
function reachable(life: Life<string, string>, from: string): Set<string> {
  const seen = new Set([from])
  for (const state of seen) for (const next of Object.values(life[state]?.on ?? {})) if (next) seen.add(next)
  return seen
}

describe.each(lives)('the life: %s', (_name, life, first, events, ends) => {
  const states = Object.keys(life)

  test('has no row that is never reached', () => expect([...reachable(life, first)].sort()).toEqual(states.sort()))

  test('can end from every state', () => {
    expect(states.filter((state) => !Object.keys(life[state]?.on ?? {}).length)).toEqual(ends)
    for (const state of states) expect(ends.some((end) => reachable(life, state).has(end))).toBe(true)
  })

  test('knows each event in some state, and no other', () => {
    const used = states.flatMap((state) => Object.keys(life[state]?.on ?? {}))
    expect([...new Set(used)].sort()).toEqual([...events].sort())
  })

  test.each(states.flatMap((state) => events.map((event) => [state, event] as const)))('%s, %s', (state, event) => {
    const next = life[state]?.on[event]
    if (next === undefined) expect(() => move(life, state, event)).toThrow(IllegalMove)
    else expect(states).toContain(move(life, state, event))
  })
})

describe('an instance', () => {
  test('shows a number with each state', () =>
    expect(Object.keys(stateCode).sort()).toEqual(Object.keys(instanceLife).sort()))

  test('may be told to end again, until it is gone', () =>
    expect(
      Object.entries(instanceLife)
        .filter(([, { on }]) => !('end' in on))
        .map(([state]) => state),
    ).toEqual(['terminated']))

  test('is told to stop where it has a machine, and to start where it has none', () => {
    const accepting = (event: string) =>
      Object.entries(instanceLife).flatMap(([state, { on }]) => (event in on ? [state] : []))
    expect(accepting('halt')).toEqual(['pending', 'running'])
    expect(accepting('start')).toEqual(['stopped'])
  })

  test.each(Object.entries(endings))('ends by %s with a reason and a code', (_kind, { reason, code }) => {
    expect(reason).toMatch(/^[A-Z_]+: /)
    expect(code).toMatch(/^(Client|Server)\.\w+$/)
  })
})
