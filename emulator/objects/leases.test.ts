import { expect, it } from 'vitest'
import { createLeases } from './leases.ts'

it('keeps a file until its last reader is done', async () => {
  const leases = createLeases()
  const [first, second] = [leases.take(['a', 'b']), leases.take(['a'])]
  const log: string[] = []
  const waits = [leases.free('a').then(() => log.push('a')), leases.free('b').then(() => log.push('b'))]
  await leases.free('c')
  first()
  first()
  await waits[1]
  expect(log).toEqual(['b'])
  second()
  await waits[0]
  expect(log).toEqual(['b', 'a'])
})
