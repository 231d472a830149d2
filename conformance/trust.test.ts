import { expect, test } from 'vitest'
import { type Extent, next, readLog, rows, summary, type TrustRun } from './trust.ts'

const run = (extent: Extent, more: Partial<TrustRun> = {}): TrustRun => ({
  extent,
  ...{ fidelity: 'eucalyptus', seed: 1, build: 'b', at: '2026-01-01T00:00:00Z', seconds: 60, load: 1, exitCode: 0 },
  ...{ passed: 400, failed: 0, skipped: 2, failures: [] },
  ...more,
})
const quick = (more?: Partial<TrustRun>) => run('boots nothing', more)
const wanted = { 'boots nothing': 3, everything: 2 }
const both = ['eucalyptus', 'aws'] as const

test('a row is what has passed since the last failure, of this build', () => {
  const broken = quick({ failed: 1, exitCode: 1 })
  const log = [
    quick(),
    broken,
    quick(),
    quick({ build: 'other' }),
    run('everything'),
    quick({ build: 'other', failed: 1 }),
  ]
  expect(rows(log, 'b')['boots nothing']).toHaveLength(1)
  expect(rows(log, 'b').everything).toHaveLength(1)
  expect(rows([quick(), quick({ exitCode: 1 })], 'b')['boots nothing']).toEqual([])
  expect(rows([quick({ passed: 0 })], 'b')['boots nothing']).toEqual([])
})

test('what boots nothing comes first, the fidelities in turn, until both rows are long enough', () => {
  const log: TrustRun[] = []
  const order = []
  for (let todo = next(log, 'b', wanted, both); todo; todo = next(log, 'b', wanted, both)) {
    order.push(`${todo.extent}, ${todo.fidelity}`)
    log.push(run(todo.extent, { fidelity: todo.fidelity }))
  }
  expect(order).toEqual([
    ...['boots nothing, eucalyptus', 'boots nothing, aws', 'boots nothing, eucalyptus'],
    ...['everything, eucalyptus', 'everything, aws'],
  ])
})

test('the summary says how far the rows are, what failed, and what counts for nothing', () => {
  const log = [quick({ failed: 2, exitCode: 1, seed: 77 }), quick(), quick({ seconds: 120 }), quick({ build: 'other' })]
  expect(summary(log, 'b', wanted)).toEqual([
    'boots nothing: 2 of 3 in a row, 2.0 min in the middle',
    'everything: 0 of 2 in a row',
    'failed: boots nothing, eucalyptus, seed 77: 400 passed, 2 failed, 2 skipped, 1.0 min at load 1.0',
    '1 runs of other builds count for nothing',
  ])
})

test('a log is read up to the line that its writer did not finish', () => {
  const lines = [quick({ seed: 1 }), quick({ seed: 2 })].map((one) => JSON.stringify(one))
  expect(readLog(`${lines.join('\n')}\n{"extent":"boots no`).map(({ seed }) => seed)).toEqual([1, 2])
  expect(readLog('')).toEqual([])
})
