import { expect, test } from 'vitest'
import { ServiceError } from '../../src/client/service-error.ts'
import type { Clients } from '../clients.ts'
import type { Target } from '../target.ts'
import { inventory, pages } from './listings.ts'

const listing = { action: 'DescribeVolumes', items: () => ['one'] }

test('a listing without an end is refused', async () => {
  let asked = 0
  const call = async () => {
    asked += 1
    return { nextToken: 'x' }
  }
  await expect(pages(call, listing)).rejects.toThrow(/^DescribeVolumes has no end: after \d+ pages/)
  expect(asked).toBeLessThanOrEqual(1000)
  expect(await pages(async ({ NextToken }) => (NextToken ? {} : { nextToken: 'x' }), listing)).toEqual(['one', 'one'])
})

test('what is listed is asked for again when an answer is lost, and not when it is refused', async () => {
  const target = { capabilities: ['key-pairs'] } as unknown as Target
  const answers: (object | Error)[] = []
  const call = async () => {
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    return answer ?? {}
  }
  const clients = { ec2: { call } } as unknown as Clients
  const lost = new Error('socket hang up')
  answers.push(lost, lost, { keySet: [{ keyName: 'a' }] })
  expect(await inventory(target, clients)).toMatchObject([{ kind: 'key pair', id: 'a' }])
  answers.push(lost, lost, lost, lost)
  await expect(inventory(target, clients)).rejects.toThrow('hang up')
  answers.push(new ServiceError('AuthFailure', 403, 'no'), {})
  await expect(inventory(target, clients)).rejects.toThrow('no')
  expect(answers).toHaveLength(1)
})
