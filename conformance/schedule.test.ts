import { expect, test } from 'vitest'
import { type Case, defineCase } from './case.ts'
import { boots, inLanes, shuffled } from './schedule.ts'

const one = (id: string, needs: Case['needs'] = ['s3']) =>
  defineCase({ id, title: id, level: 'MUST', covers: [], needs, source: 'this test', seconds: 1, run: async () => {} })
const ids = (cases: readonly Case[]) => cases.map(({ id }) => id)
const quick = Array.from({ length: 12 }, (_, index) => one(`area/quick-${index}`))
const booting = Array.from({ length: 4 }, (_, index) => one(`area/boots-${index}`, ['s3', 'boots-hvm']))

test('a case boots when it needs guests that do', () => {
  expect([booting[0], quick[0]].map((found) => found && boots(found))).toEqual([true, false])
})

test('a seed gives an order of all, always the same, whatever order the files were in', () => {
  const order = ids(shuffled(quick, 7))
  expect(ids(shuffled([...quick].reverse(), 7))).toEqual(order)
  expect([...order].sort()).toEqual(ids(quick).sort())
  expect(order).not.toEqual(ids(quick))
  expect(ids(shuffled(quick, 8))).not.toEqual(order)
})

test('cases run side by side, those that boot in lanes of their own, each kind in order', async () => {
  const most = { quick: 0, boots: 0 }
  const running = { quick: 0, boots: 0 }
  const begun: string[] = []
  await inLanes([...quick, ...booting], { parallel: 3, boots: 2 }, async (found) => {
    const kind = boots(found) ? 'boots' : 'quick'
    begun.push(found.id)
    running[kind] += 1
    most[kind] = Math.max(most[kind], running[kind])
    await new Promise((resolve) => setImmediate(resolve))
    running[kind] -= 1
  })
  expect(most).toEqual({ quick: 3, boots: 2 })
  expect(begun.filter((id) => id.includes('quick'))).toEqual(ids(quick))
  expect(begun.filter((id) => id.includes('boots'))).toEqual(ids(booting))
})

test('an aborted signal begins no further case, and what has begun ends', async () => {
  const told = new AbortController()
  const ended: string[] = []
  await inLanes(
    quick,
    { parallel: 2, boots: 1 },
    async ({ id }) => {
      told.abort()
      await new Promise((resolve) => setImmediate(resolve))
      ended.push(id)
    },
    told.signal,
  )
  expect(ended).toEqual(['area/quick-0', 'area/quick-1'].slice(0, ended.length))
  expect(ended.length).toBeGreaterThan(0)
})

test('the first error comes out when all that was begun has ended', async () => {
  const ended: string[] = []
  const work = async ({ id }: Case) => {
    await new Promise((resolve) => setImmediate(resolve))
    ended.push(id)
    if (id === 'area/quick-0') throw new Error('broken')
  }
  await expect(inLanes(quick.slice(0, 4), { parallel: 2, boots: 1 }, work)).rejects.toThrow('broken')
  expect(ended).toHaveLength(4)
})
