import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openTables, type Tables } from './tables.ts'

let folder: string
let tables: Tables

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commit-'))
})

afterEach(() => rm(folder, { recursive: true }))

const key = (text: string) => Buffer.from(text)
const put = (text: string) => tables.commit((writes) => writes.put(tables.unowned, key(text), true))
const there = () => [...tables.unowned.getKeys()].map((one) => Buffer.from(one).toString())

it.each([true, false])('writes what comes together, and all of it when it closes (durable: %s)', async (durable) => {
  tables = openTables(join(folder, 'index.mdb'), { durable })
  await Promise.all(['a', 'b', 'c'].map(put))
  expect(there()).toEqual(['a', 'b', 'c'])
  const late = put('d')
  await tables.close()
  await late
  tables = openTables(join(folder, 'index.mdb'))
  expect(there()).toEqual(['a', 'b', 'c', 'd'])
  await tables.close()
})

it('refuses a change that fails, whole, and no other', async () => {
  tables = openTables(join(folder, 'index.mdb'), { durable: false })
  const half = tables.commit((writes) => {
    writes.put(tables.unowned, key('half'), true)
    throw new Error('the other half')
  })
  const outcomes = await Promise.allSettled([put('before'), half, put('behind')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(there()).toEqual(['before', 'behind'])
  await tables.close()
})
