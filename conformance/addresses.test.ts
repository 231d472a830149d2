import { expect, test } from 'vitest'
import { ServiceError } from '../src/client/service-error.ts'
import { allocate } from './addresses.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

const associated = { publicIp: '192.0.2.1', associationId: 'eipassoc-1', instanceId: 'i-1' }

/** Takes an address of a cloud that answers a release so; gives it, and what the clean-up asks of the cloud. */
async function taken(onRelease: () => object, held: object = associated) {
  const asked: string[] = []
  const call = async (action: string) => {
    asked.push(action)
    if (action === 'AllocateAddress') return { publicIp: '192.0.2.1', allocationId: 'eipalloc-1' }
    if (action === 'DescribeAddresses') return { addressesSet: [held] }
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
  expect(await cleanedBy()).toEqual(['DescribeAddresses', 'DisassociateAddress', 'ReleaseAddress'])
})

test('an address that no instance has is given back at once', async () => {
  const { cleanedBy } = await taken(() => ({ return: 'true' }), { publicIp: '192.0.2.1' })
  expect(await cleanedBy()).toEqual(['DescribeAddresses', 'ReleaseAddress'])
})

test.each([
  ['was given back', () => ({ return: 'true' }), []],
  ['may have been given back', lose, []],
  ['was not given back', refuse, ['DescribeAddresses', 'DisassociateAddress', 'ReleaseAddress']],
])('an address that %s by the case is touched accordingly: somebody else may have it', async (_, answer, expected) => {
  const { release, cleanedBy } = await taken(answer)
  await release().catch(() => undefined)
  expect(await cleanedBy()).toEqual(expected)
})
