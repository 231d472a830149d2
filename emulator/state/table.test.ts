import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from './store.ts'
import { table } from './table.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu table-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a table keeps its records apart from those of others, under their own ids', async () => {
  const store = await openStore(folder)
  const volumes = table<{ id: string; sizeGiB: number }>(store, 'volumes')
  const snapshots = table<{ id: string; volumeId: string }>(store, 'snapshots')
  await store.change((draft) => {
    volumes.in(draft).put({ id: 'x-1', sizeGiB: 1 })
    volumes.in(draft).put({ id: 'x-2', sizeGiB: 2 })
    snapshots.in(draft).put({ id: 'x-1', volumeId: 'x-2' })
    volumes.in(draft).remove('x-2')
    expect(volumes.in(draft).get('x-1')).toEqual({ id: 'x-1', sizeGiB: 1 })
    expect(volumes.in(draft).list()).toHaveLength(1)
  })
  expect(volumes.list()).toEqual([{ id: 'x-1', sizeGiB: 1 }])
  expect(snapshots.get('x-1')).toEqual({ id: 'x-1', volumeId: 'x-2' })
  expect([volumes.get('x-2'), snapshots.get('x-2')]).toEqual([undefined, undefined])
  await store.close()
})
