import { expect, test } from 'vitest'
import { bootQueue } from './boot-queue.ts'

const never = new AbortController().signal

/** Lets all go on that waits for nothing. */
async function turn(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await Promise.resolve()
}

/** A queue of two places, and what has begun to boot in it; `ups` end a boot. */
function queue() {
  const boots = bootQueue(2)
  const begun: string[] = []
  const ups = new Map<string, () => void>()
  const boot = (name: string, signal = never) =>
    boots(async (keepUntil) => {
      begun.push(name)
      keepUntil(new Promise((resolve) => ups.set(name, resolve)))
      return name
    }, signal)
  const up = async (name: string) => {
    ups.get(name)?.()
    await turn()
  }
  return { boots, boot, begun, up }
}

test('a machine keeps its place until it is up, though it is started before', async () => {
  const { boot, begun, up } = queue()
  const all = ['a', 'b', 'c', 'd'].map((name) => boot(name))
  expect(await Promise.all(all.slice(0, 2))).toEqual(['a', 'b'])
  await turn()
  expect(begun).toEqual(['a', 'b'])
  await up('b')
  expect(begun).toEqual(['a', 'b', 'c'])
  await up('a')
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd'])
})

test('one that cannot start gives its place to the next at once', async () => {
  const { boots, boot, begun } = queue()
  const fails = () => Promise.reject(new Error('no disk'))
  await expect(boots(fails, never)).rejects.toThrow('no disk')
  await expect(boots(fails, never)).rejects.toThrow('no disk')
  await Promise.all([boot('a'), boot('b')])
  expect(begun).toEqual(['a', 'b'])
})

test('one that is given up while it waits never begins, and holds up nobody', async () => {
  const { boot, begun, up } = queue()
  await Promise.all([boot('a'), boot('b')])
  const abort = new AbortController()
  const [given, next] = [boot('c', abort.signal), boot('d')]
  abort.abort(new Error('changed my mind'))
  await expect(given).rejects.toThrow('changed my mind')
  await expect(boot('e', abort.signal)).rejects.toThrow('changed my mind')
  await up('a')
  expect(await next).toBe('d')
  expect(begun).toEqual(['a', 'b', 'd'])
})
