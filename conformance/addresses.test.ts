import { expect, test } from 'vitest'
import { ServiceError } from '../src/client/service-error.ts'
import { allocate } from './addresses.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** Takes an address of a cloud that answers a release so; gives it, and what the clean-up asks of the cloud. */
async function taken(onRelease: () => object) {
  const asked: string[] = []
  const call = async (action: string) => {
    asked.push(action)
    if (action === 'AllocateAddress') return { publicIp: '192.0.2.1' }
    return action === 'ReleaseAddress' ? onRelease() : { return: 'true' }
  }
  const removals: (() => Promise<unknown>)[] = []
  const tools = { later: (_: string, remove: () => Promise<unknown>) => removals.push(remove) } as unknown as Tools
  const { release } = await allocate(tools, { ec2: { call } } as unknown as Clients)
  const cleanedBy = async () => {
    asked.length = 0
    for (const remove of removals) await remove().catch(() => undefined)
    return asked
  }
  return { release, cleanedBy }
}

const refuse = () => {
  throw new ServiceError('InvalidIPAddress.InUse', 400, 'it is in use')
}
const lose = () => {
  throw new Error('socket hang up')
}

test('an address is given back after the case, from its instance first', async () => {
  const { cleanedBy } = await taken(() => ({ return: 'true' }))
  expect(await cleanedBy()).toEqual(['DisassociateAddress', 'ReleaseAddress'])
})

test.each([
  ['was given back', () => ({ return: 'true' }), []],
  ['may have been given back', lose, []],
  ['was not given back', refuse, ['DisassociateAddress', 'ReleaseAddress']],
])('an address that %s by the case is touched accordingly: somebody else may have it', async (_, answer, expected) => {
  const { release, cleanedBy } = await taken(answer)
  await release().catch(() => undefined)
  expect(await cleanedBy()).toEqual(expected)
})
