import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { journalPath } from './document.ts'
import { openStore, type Store } from './store.ts'

/** Which calls of an open file fail from now on; `appendFile` fails after half of its bytes, as on a full disk. */
const failing = vi.hoisted(() => new Set<'appendFile' | 'datasync' | 'truncate' | 'rename'>())

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const failIf = (name: 'appendFile' | 'datasync' | 'truncate' | 'rename') => {
    if (failing.has(name)) throw Object.assign(new Error(`injected ${name}`), { code: 'EIO' })
  }
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args)
    const [append, datasync, truncate] = [
      file.appendFile.bind(file),
      file.datasync.bind(file),
      file.truncate.bind(file),
    ]
    return Object.assign(file, {
      async appendFile(text: string) {
        if (failing.has('appendFile')) await append(text.slice(0, text.length / 2))
        failIf('appendFile')
        await append(text)
      },
      async datasync() {
        failIf('datasync')
        await datasync()
      },
      async truncate(length: number) {
        failIf('truncate')
        await truncate(length)
      },
    })
  }
  const rename: typeof real.rename = async (...args) => {
    failIf('rename')
    await real.rename(...args)
  }
  return { ...real, open, rename }
})

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'euca emu failure-')), 'records')
})
afterEach(async () => {
  failing.clear()
  for (const store of opened.splice(0)) await store.close()
  vi.restoreAllMocks()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const opened: Store[] = []
const open: typeof openStore = async (...args) => {
  const store = await openStore(...args)
  opened.push(store)
  return store
}

/** A store on what a crash at this moment would leave. */
async function reopened(): Promise<Store> {
  const copy = `${folder}-${opened.length}`
  cpSync(folder, copy, { recursive: true })
  return open(copy)
}

const put = (store: Store, id: string) => store.change((draft) => draft.put('items', id, { id }))
const ids = (store: Store) => store.list<{ id: string }>('items').map(({ id }) => id)

describe('a disk that fails', () => {
  test.each<['appendFile' | 'datasync']>([['appendFile'], ['datasync']])(
    'at %s: all changes of the group are refused, nothing of them is seen, now or later',
    async (call) => {
      const store = await open(folder)
      await put(store, 'before')
      const bytes = readFileSync(journalPath(folder, 1))
      failing.add(call)
      const refused = await Promise.allSettled([put(store, 'a'), put(store, 'b')])
      expect(refused.map((one) => one.status === 'rejected' && one.reason.message)).toEqual([
        `injected ${call}`,
        `injected ${call}`,
      ])
      expect(ids(store)).toEqual(['before'])
      expect(readFileSync(journalPath(folder, 1))).toEqual(bytes)
      failing.clear()
      if (call === 'appendFile') await put(store, 'after')
      const expected = call === 'appendFile' ? ['before', 'after'] : ['before']
      expect(ids(store)).toEqual(expected)
      expect(ids(await reopened())).toEqual(expected)
    },
  )

  test.each<['truncate' | 'datasync']>([['truncate'], ['datasync']])(
    'when the half line cannot be cut off (%s): nothing more is taken, and what was there stays',
    async (call) => {
      const store = await open(folder)
      await put(store, 'before')
      failing.add('appendFile').add(call)
      await expect(put(store, 'half')).rejects.toThrow('injected appendFile')
      failing.clear()
      const refusal = await put(store, 'after').catch((error: Error) => error)
      expect(refusal).toMatchObject({
        message: expect.stringContaining('takes no changes'),
        cause: new Error(`injected ${call}`),
      })
      expect(ids(store)).toEqual(['before'])
      expect(ids(await reopened())).toEqual(['before'])
    },
  )

  test('while the document is rewritten: it is said, and no change is lost', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const store = await open(folder, { rewriteAt: 100 })
    failing.add('rename')
    const made = Array.from({ length: 30 }, (_, index) => `item-${index}`)
    for (const id of made) await put(store, id)
    expect(said.mock.calls.join()).toContain('the document of the records was not rewritten: Error: injected rename')
    expect(ids(store)).toEqual(made)
    failing.clear()
    await store.close()
    expect(ids(await reopened())).toEqual(made)
  })

  test('while the next journal is begun: it is said, and changes go on', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const store = await open(folder, { rewriteAt: 1 })
    failing.add('truncate')
    for (const id of ['a', 'b', 'c']) await put(store, id)
    expect(said.mock.calls.join()).toContain('injected truncate')
    expect(ids(store)).toEqual(['a', 'b', 'c'])
    failing.clear()
    await store.close()
    expect(ids(await reopened())).toEqual(['a', 'b', 'c'])
  })
})
