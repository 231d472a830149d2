import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DamagedRecords } from './journal.ts'
import { openStore, type Store } from './store.ts'

interface Item {
  id: string
  size: number
}
const item = (id: string, size = 1): Item => ({ id, size })

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'euca emu store-')), 'records')
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const opened: Store[] = []
const open: typeof openStore = async (...args) => {
  const store = await openStore(...args)
  opened.push(store)
  return store
}

/** The folder as a crash at this moment would leave it. */
function crashed(): string {
  const copy = `${folder}-${opened.length}`
  cpSync(folder, copy, { recursive: true })
  folder = copy
  return copy
}

const put = (store: Store, ...items: Item[]) =>
  store.change((draft) => {
    for (const one of items) draft.put('items', one.id, one)
  })
const ids = (store: Store) => store.list<Item>('items').map(({ id }) => id)
const journals = () => readdirSync(folder).filter((name) => name.startsWith('journal-'))

describe('change', () => {
  test('shows its writes to itself at once, to others when they are on disk', async () => {
    const store = await open(folder)
    const changed = store.change((draft) => {
      draft.put('items', 'a', item('a'))
      draft.put('items', 'b', item('b'))
      draft.remove('items', 'b')
      return [
        draft.get<Item>('items', 'a')?.size,
        draft.get('items', 'b'),
        draft.list<Item>('items').map(({ id }) => id),
      ]
    })
    expect(store.get('items', 'a')).toBeUndefined()
    expect(await changed).toEqual([1, undefined, ['a']])
    expect(store.get('items', 'a')).toEqual(item('a'))
    expect(readFileSync(join(folder, journals()[0]!), 'utf8')).toContain('"a"')
  })

  test('runs those that wait together one after the other, answers in their order, and writes them as one line', async () => {
    const store = await open(folder)
    const answered: number[] = []
    const next = () =>
      store
        .change((draft) => {
          const size = (draft.get<Item>('items', 'counter')?.size ?? 0) + 1
          draft.put('items', 'counter', item('counter', size))
          return size
        })
        .then((size) => answered.push(size))
    await Promise.all(Array.from({ length: 20 }, next))
    expect(answered).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(store.get('items', 'counter')).toEqual(item('counter', 20))
    expect(readFileSync(join(folder, journals()[0]!), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  test.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('no such volume')
      },
      /no such volume/,
    ],
    ['writes what JSON cannot hold', () => ({ id: 'bad', size: 1n }), /BigInt/],
  ])('one that %s leaves nothing and does not disturb its neighbours', async (_case, make, message) => {
    const store = await open(folder)
    const failing = store.change((draft) => {
      draft.put('items', 'half', item('half'))
      draft.put('items', 'bad', make() as Item)
    })
    const [before, failed, after] = [
      put(store, item('before')),
      expect(failing).rejects.toThrow(message),
      put(store, item('after')),
    ]
    await Promise.all([before, failed, after])
    await put(store, item('later'))
    expect(ids(store)).toEqual(['before', 'after', 'later'])
    await store.close()
    expect(ids(await open(folder))).toEqual(['before', 'after', 'later'])
  })

  test('an asynchronous one cannot lose a write silently', async () => {
    const store = await open(folder)
    const changed = store.change(async (draft) => {
      await Promise.resolve()
      draft.put('items', 'late', item('late'))
    })
    await expect(changed).rejects.toThrow(TypeError)
  })

  test('is refused after close', async () => {
    const store = await open(folder)
    await store.close()
    await expect(put(store, item('a'))).rejects.toThrow('the records are closed')
  })

  test('close may be called twice, also when another store has taken over the folder', async () => {
    const store = await open(folder)
    await store.close()
    const second = await open(folder)
    await put(second, item('a'))
    await store.close()
    expect(ids(await open(crashed()))).toEqual(['a'])
  })

  test.each(['__proto__', 'constructor', 'hasOwnProperty'])('%s is an id like any other', async (id) => {
    const store = await open(folder)
    expect(store.get('items', id)).toBeUndefined()
    const seen = await store.change((draft) => {
      const before = draft.get('items', id)
      draft.put('items', id, item(id))
      return [before, draft.list('items')]
    })
    expect(seen).toEqual([undefined, [item(id)]])
    await store.close()
    const again = await open(folder)
    expect([again.get('items', id), again.get(id, id)]).toEqual([item(id), undefined])
    await again.close()
  })
})

describe('openStore', () => {
  test('goes on after a torn end as if that had never been begun', async () => {
    const store = await open(folder)
    await put(store, item('whole'))
    await put(store, item('torn'))
    const copy = crashed()
    const path = join(copy, journals()[0]!)
    truncateSync(path, readFileSync(path).length - 3)
    const second = await open(copy)
    expect(ids(second)).toEqual(['whole'])
    await put(second, item('next'))
    const third = await open(crashed())
    expect(ids(third)).toEqual(['whole', 'next'])
  })

  test('refuses a damaged middle and touches nothing', async () => {
    const store = await open(folder)
    for (const id of ['a', 'b', 'c']) await put(store, item(id))
    const copy = crashed()
    const path = join(copy, journals()[0]!)
    const bytes = readFileSync(path)
    bytes[Math.floor(bytes.length / 2)] = 0x7f
    writeFileSync(path, bytes)
    await expect(openStore(copy)).rejects.toBeInstanceOf(DamagedRecords)
    expect(readFileSync(path)).toEqual(bytes)
  })
})

describe('the document', () => {
  test('holds everything after close, and the one journal is empty', async () => {
    const store = await open(folder)
    await put(store, item('a'), item('b'))
    await store.close()
    expect(JSON.parse(readFileSync(join(folder, 'records.json'), 'utf8')).tables.items).toEqual({
      a: item('a'),
      b: item('b'),
    })
    expect(journals().map((name) => readFileSync(join(folder, name)).length)).toEqual([0])
  })

  test('is rewritten while changes go on, when the journal has grown', async () => {
    const store = await open(folder, { rewriteAt: 500 })
    for (let size = 0; size < 200; size += 1) await put(store, item(`item-${size % 7}`, size))
    expect(JSON.parse(readFileSync(join(folder, 'records.json'), 'utf8')).journal).toBeGreaterThan(1)
    await store.close()
    expect(journals()).toHaveLength(1)
    const again = await open(folder)
    expect(
      again
        .list<Item>('items')
        .map(({ size }) => size)
        .sort(),
    ).toEqual([193, 194, 195, 196, 197, 198, 199])
    await again.close()
  })
})
