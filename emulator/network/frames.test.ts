import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameWriter, frameReader, longestFrame } from './frames.ts'

function framed(frames: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(frame.length)
      return [length, frame]
    }),
  )
}

/** Cuts bytes at the given places, in any order. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

describe('what is read', () => {
  test('does not depend on how it is cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
    fc.assert(
      fc.property(frames, fc.array(fc.nat({ max: 10_000 }), { maxLength: 30 }), (sent, places) => {
        const got: Buffer[] = []
        const read = frameReader(
          (frame) => got.push(Buffer.from(frame)),
          () => expect.fail('refused'),
        )
        for (const chunk of cut(framed(sent), places)) read(chunk)
        expect(got.map((frame) => frame.toString('hex'))).toEqual(
          sent.map((frame) => Buffer.from(frame).toString('hex')),
        )
      }),
    )
  })

  test('may be as long as the longest frame, byte by byte', () => {
    const lengths: number[] = []
    const read = frameReader(
      (frame) => lengths.push(frame.length),
      () => expect.fail('refused'),
    )
    for (const byte of framed([Buffer.alloc(longestFrame), Buffer.alloc(1)])) read(Buffer.from([byte]))
    expect(lengths).toEqual([longestFrame, 1])
  })

  test.each([[[]], [[2]], [[1, 2, 3, 4]]])('is refused once with a length that no frame has, cut at %j', (places) => {
    const refused: number[] = []
    const read = frameReader(
      () => expect.fail('delivered'),
      (length) => refused.push(length),
    )
    const bytes = Buffer.from('ffffffff00000001ff00000001ff', 'hex')
    for (const chunk of cut(bytes, places)) read(chunk)
    read(bytes)
    expect(refused).toEqual([0xffffffff])
  })
})

describe('what is written', () => {
  test('in one turn leaves as one chunk', async () => {
    const stream = new PassThrough()
    const out = new FrameWriter(stream)
    const frames = ['first', 'second', 'third'].map((text) => Buffer.from(text))
    for (const frame of frames) frame.copy(out.buffer, out.reserve(frame.length))
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await new Promise((resolve) => setImmediate(resolve))
    expect(chunks).toEqual([framed(frames)])
  })

  test('is lost where nobody reads, and never more than a few MiB wait', async () => {
    const stream = new Writable({ write: () => undefined })
    const out = new FrameWriter(stream)
    let [accepted, lost] = [0, 0]
    for (let frame = 0; frame < 10_000; frame += 1) {
      if (out.reserve(1514) < 0) lost += 1
      else accepted += 1
      if (frame % 40 === 0) await Promise.resolve()
    }
    expect(lost).toBeGreaterThan(7000)
    expect(accepted).toBeGreaterThan(2500)
    expect(stream.writableLength).toBeLessThan(5 * 2 ** 20)
    expect(out.full).toBe(true)
  })

  test('is lost on a stream that is closed', () => {
    const stream = new PassThrough()
    stream.destroy()
    expect(new FrameWriter(stream).reserve(60)).toBe(-1)
  })

  test('to a socket leaves its buffers to be filled again, and none of them too early', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [far] = await once(server, 'connection')
    const got: Buffer[] = []
    far.on('data', (chunk: Buffer) => got.push(chunk))
    const out = new FrameWriter(socket)
    const [sent, buffers]: [Buffer[], Set<Buffer>] = [[], new Set()]
    for (let frame = 0; frame < 2000; frame += 1) {
      sent.push(Buffer.alloc(9015, frame))
      const at = out.reserve(9015)
      buffers.add(out.buffer)
      out.buffer.fill(frame, at, at + 9015)
      if (frame % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
      if (out.full) await once(socket, 'drain')
    }
    // The last of them leave at the end of this turn.
    setImmediate(() => socket.end())
    await once(far, 'end')
    far.destroy()
    server.close()
    expect(Buffer.concat(got).equals(framed(sent))).toBe(true)
    // 18 MB went through them: without the spare ones it were a new one for each 14 frames.
    expect(buffers.size).toBeLessThan(12)
  })
})
