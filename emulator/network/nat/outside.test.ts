import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { guarded, type HostSockets } from './outside.ts'

test('sockets are opened to what guests may reach, and to nothing else', async () => {
  const opened: string[] = []
  const flow = { send: () => undefined, close: () => undefined }
  const sockets: HostSockets = {
    connect: async (address, port) => {
      opened.push(`tcp ${address} ${port}`)
      return new PassThrough()
    },
    open: (address, port) => {
      opened.push(`udp ${address} ${port}`)
      return flow
    },
    openResolver: () => {
      opened.push('resolver')
      return flow
    },
  }
  const outside = guarded(sockets, (address) => address === '192.0.2.1')
  const events = { received: () => undefined, failed: () => undefined }
  for (const address of ['127.0.0.1', '::ffff:192.0.2.1', '192.0.2.2']) {
    expect(outside.reaches(address)).toBe(false)
    await expect(outside.connect(address, 80)).rejects.toThrow(`guests may not reach ${address}`)
    expect(() => outside.open(address, 53, events)).toThrow(`guests may not reach ${address}`)
  }
  expect(opened).toEqual([])
  await outside.connect('192.0.2.1', 80)
  outside.open('192.0.2.1', 53, events)
  outside.openResolver(events)
  expect(opened).toEqual(['tcp 192.0.2.1 80', 'udp 192.0.2.1 53', 'resolver'])
})
