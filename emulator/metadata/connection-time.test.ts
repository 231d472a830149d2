import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { manualClock } from '../state/clock.ts'
import { endInTime } from './connection-time.ts'

test('a connection on which nothing is ever asked to its end is ended after a minute', async () => {
  const clock = manualClock()
  const connection = new PassThrough()
  endInTime(connection, clock)
  connection.write('GET / HT')
  await clock.advance(59_999)
  expect(connection.destroyed).toBe(false)
  await clock.advance(1)
  expect(connection.destroyed).toBe(true)
})
