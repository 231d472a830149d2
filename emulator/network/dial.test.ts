import { describe, expect, test } from 'vitest'
import { Peer, settle, tcpFrame, testSwitch } from './peer.harness.ts'

describe('a connection from outside', () => {
  async function dialled(allowed = { is: true }) {
    const network = testSwitch({ allows: ({ from }) => from !== 'outside' || allowed.is })
    const peer = new Peer(network, 10)
    const pending = network.dial('i-10', 22, { from: '127.0.0.1' })
    const syn = await peer.nextSegment()
    const ports: [number, number] = [22, syn.sourcePort]
    const answer = (text: { bits: number; data?: string; sequence?: number }) =>
      peer.send(tcpFrame(peer, { destination: '172.31.0.1', ports, acknowledgment: syn.sequence + 1, ...text }))
    return { network, peer, pending, answer }
  }

  test('comes from the gateway and carries both ways', async () => {
    const { peer, pending, answer } = await dialled()
    answer({ bits: 18 })
    const stream = await pending
    await peer.nextSegment()
    answer({ bits: 24, sequence: 1001, data: 'SSH-2.0' })
    const banner = await new Promise<Buffer>((resolve) => stream.once('data', resolve))
    expect(banner.toString()).toBe('SSH-2.0')
    stream.write('hello')
    const said: string[] = []
    while (said.join('') === '') said.push((await peer.nextSegment()).payload.toString())
    expect(said.join('')).toBe('hello')
  })

  test('is refused as the instance refuses it', async () => {
    const { pending, answer } = await dialled()
    answer({ bits: 20 })
    await expect(pending).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('may be broken off by the instance in the moment it opens: nothing else breaks', async () => {
    const { pending, answer } = await dialled()
    answer({ bits: 18 })
    answer({ bits: 4, sequence: 1001 })
    const stream = await pending
    await settle()
    expect([stream.closed, stream.errored]).toMatchObject([true, { code: 'ECONNRESET' }])
  })

  test('ends with what asked for it', async () => {
    const network = testSwitch()
    const peer = new Peer(network, 10)
    const abort = new AbortController()
    const pending = network.dial('i-10', 22, { signal: abort.signal })
    await peer.nextSegment()
    abort.abort(new Error('hung up'))
    await expect(pending).rejects.toThrow('hung up')
    expect((await peer.nextSegment()).flags & 4).toBe(4)
  })

  test('is refused without a rule, and to an instance that is not there', async () => {
    const network = testSwitch({ allows: () => false })
    const peer = new Peer(network, 10)
    await expect(network.dial('i-10', 22)).rejects.toMatchObject({ code: 'EACCES' })
    await expect(network.dial('i-11', 22)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    await settle()
    expect(peer.frames).toEqual([])
  })

  test.each<
    [string, string, (network: Awaited<ReturnType<typeof dialled>>['network'], allowed: { is: boolean }) => void]
  >([
    [
      'a rule is revoked',
      'ECONNABORTED',
      (network, allowed) => {
        allowed.is = false
        network.rulesChanged()
      },
    ],
    ['the instance is unplugged', 'ENETDOWN', (network) => network.disconnect('i-10')],
  ])('ends when %s', async (_what, code, happen) => {
    const allowed = { is: true }
    const { network, pending, answer } = await dialled(allowed)
    answer({ bits: 18 })
    const stream = await pending
    network.rulesChanged()
    const ended = new Promise((resolve) => stream.once('error', resolve))
    expect(stream.destroyed).toBe(false)
    happen(network, allowed)
    expect(await ended).toMatchObject({ code })
  })
})
