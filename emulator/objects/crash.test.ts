import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { privateAcl } from './acl.ts'
import { indexKey } from './keys.ts'
import { openObjectStore } from './store.ts'
import { openTables } from './tables.ts'

const acl = privateAcl({ accountId: '1', canonicalId: '1' })
const plain = { bucket: 'b', acl, headers: {}, metadata: {} }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crash-'))
})
afterEach(() => rm(folder, { recursive: true }))

const files = async () => {
  const entries = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

it('removes at the next start what no record owns, and nothing else', async () => {
  const before = await openObjectStore({ folder })
  await before.createBucket({ name: 'b', acl, location: '' })
  await before.putObject({ ...plain, key: 'kept', body: Readable.from([Buffer.alloc(100_000, 'a')]) })
  await before.close()
  const owned = await files()
  // What a crash leaves in the middle of a PUT: noted with a file, noted without one.
  const tables = openTables(join(folder, 'index.mdb'))
  const [written, unwritten] = ['ab'.repeat(16), 'cd'.repeat(16)]
  await tables.commit((writes) => {
    for (const id of [written, unwritten]) writes.put(tables.unowned, indexKey([], id), true)
  })
  await tables.close()
  await mkdir(join(folder, 'files', 'ab', 'ab'), { recursive: true })
  await writeFile(join(folder, 'files', 'ab', 'ab', written), 'half')
  const after = await openObjectStore({ folder })
  expect(await files()).toEqual(owned)
  expect((await buffer((await after.read('b', 'kept')).body)).equals(Buffer.alloc(100_000, 'a'))).toBe(true)
  await after.close()
})

it('leaves old or new objects, never others, when the process is killed while it writes', async () => {
  const child = fork(new URL('./crash.contract.mjs', import.meta.url), [folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const acknowledged = new Map<string, number>()
  child.on('message', ([key, version]: [string, number]) => acknowledged.set(key, version))
  while (acknowledged.size < 8 || Math.max(...acknowledged.values()) < 6) await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'close')
  const store = await openObjectStore({ folder })
  for (const [key, version] of acknowledged) {
    const { record, body } = await store.read('b', key)
    const bytes = await buffer(body)
    expect(bytes.length).toBe(record.data.size)
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
    expect(bytes[0]).toBeGreaterThanOrEqual(version)
  }
  expect(acknowledged.size).toBe(8)
  const { entries } = await store.listObjects('b', { prefix: '', delimiter: '', after: '', limit: 1000 })
  const keys = entries.flatMap((entry) => ('row' in entry ? [entry.row.key] : []))
  const records = await Promise.all(keys.map((key) => store.getObject('b', key)))
  const owned = records.filter(({ data }) => data.kind === 'file')
  expect(await files()).toHaveLength(owned.length)
  await store.close()
})
