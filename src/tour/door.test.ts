import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { expectClosed } from './door.ts'
import type { Tour } from './tour.ts'

const closed = new Error('no security group of i-1 opens port 22; this does: …')
const refuses = async (): Promise<string[]> => {
  throw closed
}

/** A tour with one instance, whose public address is that of this host. */
function tourWith(also: Partial<Tour>) {
  const said: string[] = []
  const answer = { reservationSet: [{ instancesSet: [{ instanceId: 'i-1', ipAddress: '127.0.0.1' }] }] }
  const rest = { ec2: { call: async () => answer }, say: (line: string) => said.push(line), isStoodIn: false }
  return { said, tour: { ...rest, login: refuses, ...also } as unknown as Tour }
}

/** A port of this host, with somebody who listens there or nobody. */
async function portOf(isOpen: boolean, use: (port: number) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  if (!isOpen) await close()
  await use(port)
  if (isOpen) await close()
}

test('a port at which connections are refused is closed', () =>
  portOf(false, async (port) => {
    const { tour, said } = tourWith({})
    await expectClosed(tour, 'i-1', port)
    expect(said).toEqual([`a connection to 127.0.0.1:${port} is refused`])
  }))

test('a port that answers is not', () =>
  portOf(true, async (port) => {
    const { tour } = tourWith({})
    await expect(expectClosed(tour, 'i-1', port)).rejects.toMatchObject({
      message: `127.0.0.1:${port} of i-1 is not closed`,
      seen: 'connected',
    })
  }))

test('where another program may answer at that address, nothing is connected to', () =>
  portOf(true, async (port) => {
    const { tour, said } = tourWith({ isStoodIn: true })
    await expectClosed(tour, 'i-1', port)
    expect(said).toEqual(['i-1 has no port that stands in for its port 22'])
  }))

test.each<[string, Tour['login'], string]>([
  ['a way for ssh', async () => ['-p', '22', 'root@127.8.0.2'], 'ssh -p 22 root@127.8.0.2'],
  [
    'an instance that is not reached for another reason',
    async () => {
      throw new Error('i-1 is pending: only a running instance is reached')
    },
    'i-1 is pending: only a running instance is reached',
  ],
])('%s is no proof', async (_what, login, seen) => {
  const { tour } = tourWith({ login })
  await expect(expectClosed(tour, 'i-1')).rejects.toMatchObject({ message: 'port 22 of i-1 is not closed', seen })
})
