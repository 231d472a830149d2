import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Inbox } from './inbox.ts'

/** A stream that keeps what it is given. */
function reader() {
  const chunks: Buffer[] = []
  const stream = new Readable({ read: () => undefined })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, chunks }
}

test('what came since the last delivery is one chunk, which later bytes leave as it is', async () => {
  const { stream, chunks } = reader()
  const inbox = new Inbox()
  for (const text of ['one ', 'two ', 'three']) inbox.add(Buffer.from(text))
  expect(inbox.length).toBe(13)
  inbox.deliver(stream)
  inbox.deliver(stream)
  inbox.add(Buffer.from('four'))
  expect(inbox.length).toBe(4)
  inbox.deliver(stream)
  await new Promise((resolve) => setImmediate(resolve))
  expect(chunks.map(String)).toEqual(['one two three', 'four'])
})

test('any pieces come out as they went in, whenever they are delivered', async () => {
  const step = fc.record({ length: fc.nat({ max: 90_000 }), deliver: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { stream, chunks } = reader()
      const inbox = new Inbox()
      const sent = steps.map(({ length }, index) => Buffer.alloc(length, index + 1))
      for (const [index, { deliver }] of steps.entries()) {
        inbox.add(sent[index] ?? Buffer.alloc(0))
        if (deliver) inbox.deliver(stream)
      }
      inbox.deliver(stream)
      await new Promise((resolve) => setImmediate(resolve))
      expect(Buffer.concat(chunks).equals(Buffer.concat(sent))).toBe(true)
    }),
    { numRuns: 50 },
  )
})
