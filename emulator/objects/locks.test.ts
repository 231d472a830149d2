import { expect, it } from 'vitest'
import { createLocks } from './locks.ts'

/** Work that says when it begins and ends when it is told. */
function work(log: string[], name: string) {
  let end = () => {}
  const promise = new Promise<void>((resolve) => {
    end = resolve
  })
  const run = async () => {
    log.push(name)
    await promise
  }
  return { run, end: () => end() }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('lets readers in together, writers alone, in the order in which they came', async () => {
  const locks = createLocks()
  const log: string[] = []
  const [r1, r2, w, r3] = ['r1', 'r2', 'w', 'r3'].map((name) => work(log, name))
  const shared = [{ name: 'a', shared: true }]
  const all = [
    locks.hold(shared, r1!.run),
    locks.hold(shared, r2!.run),
    locks.hold([{ name: 'a' }], w!.run),
    locks.hold(shared, r3!.run),
  ]
  await turn()
  expect(log).toEqual(['r1', 'r2'])
  r1!.end()
  await turn()
  expect(log).toEqual(['r1', 'r2'])
  r2!.end()
  await turn()
  expect(log).toEqual(['r1', 'r2', 'w'])
  w!.end()
  await turn()
  expect(log).toEqual(['r1', 'r2', 'w', 'r3'])
  r3!.end()
  await Promise.all(all)
})

it('does not hold up other names, and lets go when work fails', async () => {
  const locks = createLocks()
  const log: string[] = []
  const slow = work(log, 'slow')
  const held = locks.hold([{ name: 'a' }], slow.run)
  expect(await locks.hold([{ name: 'b' }], async () => 'free')).toBe('free')
  const failing = locks.hold([{ name: 'b' }, { name: 'a' }], async () => {
    throw new Error('failed')
  })
  slow.end()
  await held
  await expect(failing).rejects.toThrow('failed')
  expect(await locks.hold([{ name: 'a' }, { name: 'b' }], async () => 'free again')).toBe('free again')
})
