import { expect, test } from 'vitest'
import { shareWork } from './shared-work.ts'

/** A piece of work that ends when the test says so, or when it is aborted. */
function heldWork() {
  const runs: { signal: AbortSignal; end: (result: string) => void; fail: (error: Error) => void }[] = []
  const work = (signal: AbortSignal) =>
    new Promise<string>((end, fail) => {
      runs.push({ signal, end, fail })
      signal.addEventListener('abort', () => fail(new Error('aborted')))
    })
  return { runs, work }
}

test('all who ask while it runs get one result; who asks later starts anew', async () => {
  const share = shareWork<string>()
  const { runs, work } = heldWork()
  const waiting = [share('a', {}, work), share('a', {}, work), share('b', {}, work)]
  expect(runs.length).toBe(2)
  runs[0]!.end('first')
  runs[1]!.end('other')
  expect(await Promise.all(waiting)).toEqual(['first', 'first', 'other'])
  const again = share('a', {}, work)
  runs[2]!.end('second')
  expect(await again).toBe('second')
})

test('a failure is everybody’s, and the next to ask tries again', async () => {
  const share = shareWork<string>()
  const { runs, work } = heldWork()
  const waiting = [share('a', {}, work), share('a', {}, work)]
  const failure = new Error('broken')
  runs[0]!.fail(failure)
  expect(await Promise.allSettled(waiting)).toEqual([
    { status: 'rejected', reason: failure },
    { status: 'rejected', reason: failure },
  ])
  const again = share('a', {}, work)
  runs[1]!.end('whole')
  expect(await again).toBe('whole')
})

test('one who gives up leaves the others alone; the last one aborts the work', async () => {
  const share = shareWork<string>()
  const { runs, work } = heldWork()
  const [first, second] = [new AbortController(), new AbortController()]
  const waiting = [share('a', { signal: first.signal }, work), share('a', { signal: second.signal }, work)]
  const reason = new Error('given up')
  first.abort(reason)
  await expect(waiting[0]).rejects.toBe(reason)
  expect(runs[0]!.signal.aborted).toBe(false)
  second.abort(reason)
  await expect(waiting[1]).rejects.toBe(reason)
  expect(runs[0]!.signal.aborted).toBe(true)
  const again = share('a', {}, work)
  runs[1]!.end('whole')
  expect(await again).toBe('whole')
})

test('who has given up before it asks starts nothing', async () => {
  const { runs, work } = heldWork()
  const reason = new Error('given up')
  await expect(shareWork<string>()('a', { signal: AbortSignal.abort(reason) }, work)).rejects.toBe(reason)
  expect(runs).toEqual([])
})

test('everybody hears of the progress', async () => {
  const heard: string[] = []
  const share = shareWork<string>()
  const tell = (name: string) => ({
    onProgress: (bytes: number, total: number) => heard.push(`${name} ${bytes}/${total}`),
  })
  const work = async (_: AbortSignal, onProgress: (bytes: number, total: number) => void) => {
    await Promise.resolve()
    onProgress(1, 2)
    return 'done'
  }
  await Promise.all([share('a', tell('x'), work), share('a', tell('y'), work)])
  expect(heard).toEqual(['x 1/2', 'y 1/2'])
})
