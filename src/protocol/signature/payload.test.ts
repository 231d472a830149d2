import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Fault } from '../faults.ts'
import { type ChecksumAlgorithm, checksumAlgorithms, startChecksum } from './checksums.ts'
import { chunkSignature, type SignatureChain, trailerSignature } from './chunked.ts'
import { payloadStream, readPayload } from './payload.ts'
import { payloadPlan, payloadWords } from './payload-plan.ts'
import { sha256, signingKey } from './sigv4.ts'
import type { HeaderPair } from './wire.ts'

const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
const key = signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope)
const chain = (seed: string): SignatureChain => ({ key, timestamp: '20130524T000000Z', scope, seed })
const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const body = Buffer.alloc(66_560, 'a')
const base64 = (algorithm: ChecksumAlgorithm | 'md5', data: Buffer) => {
  const sum = startChecksum(algorithm)
  sum.update(data)
  return sum.digest().toString('base64')
}

const whole = (data: Buffer) => `all of ${sha256(data)}`

/** What came out: `whole` of a stream that ended, or the code of its fault. */
async function outcome(wire: Buffer, headers: HeaderPair[], word?: string, cut = 999): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(wire.length / cut) }, (_, at) =>
    wire.subarray(at * cut, (at + 1) * cut),
  )
  try {
    return whole(await readPayload(Readable.from(pieces), payloadPlan(headers, word, { chain: chain(seed) }), 1e6))
  } catch (error) {
    if (error instanceof Fault) return error.row.code
    throw error
  }
}

/** A body in chunks, signed when the word says so. */
function encode(data: Buffer, word: string, trailer?: { name: string; value: string }, size = 8192): Buffer {
  const signed = word !== payloadWords.unsignedChunksTrailer
  let previous = seed
  const header = (piece: Buffer) => {
    if (!signed) return `${piece.length.toString(16)}\r\n`
    previous = chunkSignature(chain(seed), previous, sha256(piece))
    return `${piece.length.toString(16)};chunk-signature=${previous}\r\n`
  }
  const out: (Buffer | string)[] = []
  for (let at = 0; at < data.length; at += size) {
    const piece = data.subarray(at, at + size)
    out.push(header(piece), piece, '\r\n')
  }
  out.push(header(Buffer.alloc(0)))
  if (trailer) {
    const line = `${trailer.name}:${trailer.value}`
    out.push(`${line}\r\n`)
    if (signed) out.push(`x-amz-trailer-signature:${trailerSignature(chain(seed), previous, `${line}\n`)}\r\n`)
  }
  return Buffer.concat([...out, '\r\n'].map((part) => Buffer.from(part)))
}

const chunkedHeaders = (length: number, trailer?: string): HeaderPair[] => [
  ['x-amz-decoded-content-length', String(length)],
  ...(trailer ? [['x-amz-trailer', trailer] as const] : []),
]

describe('published chunks (S3 API reference)', () => {
  const chunks = (signatures: string[], end: string) =>
    Buffer.from(
      `10000;chunk-signature=${signatures[0]}\r\n${'a'.repeat(65_536)}\r\n400;chunk-signature=${signatures[1]}\r\n${'a'.repeat(1024)}\r\n0;chunk-signature=${signatures[2]}\r\n${end}`,
    )

  test.each([1, 7, 1000, 70_000])('signed, in pieces of %d bytes', async (cut) => {
    const wire = chunks(
      [
        'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
        '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
        'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
      ],
      '\r\n',
    )
    expect(wire.length).toBe(66_824)
    expect(await outcome(wire, chunkedHeaders(66_560), payloadWords.signedChunks, cut)).toBe(whole(body))
  })

  test.each(['\r\n', '\n', '\n\r\n'])('with a signed trailer, its line ended by %j', async (end) => {
    const wire = chunks(
      [
        'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
        '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
        '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      ],
      `x-amz-checksum-crc32c:sOO8/Q==${end}x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n`,
    )
    const trailing = chain('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e')
    const headers = chunkedHeaders(66_560, 'x-amz-checksum-crc32c')
    const plan = payloadPlan(headers, payloadWords.signedChunksTrailer, { chain: trailing })
    const stream = payloadStream(Readable.from([wire]), plan)
    await stream.resume().toArray()
    expect(stream.digests()).toEqual({
      length: 66_560,
      md5: createHash('md5').update(body).digest('hex'),
      checksum: { algorithm: 'crc32c', value: 'sOO8/Q==' },
    })
  })
})

const words = [payloadWords.signedChunks, payloadWords.signedChunksTrailer, payloadWords.unsignedChunksTrailer]

describe.each(words)('%s', (word) => {
  const trailer =
    word === payloadWords.signedChunks ? undefined : { name: 'x-amz-checksum-crc32', value: base64('crc32', body) }
  const wire = encode(body, word, trailer)
  const headers = chunkedHeaders(body.length, trailer?.name)
  const text = wire.toString('latin1')
  const [first = '', second = ''] = text.split('\r\n').filter((line) => /^2000/.test(line))
  const signed = word !== payloadWords.unsignedChunksTrailer

  test('decodes', async () => {
    expect(await outcome(wire, headers, word)).toBe(whole(body))
    const empty = encode(Buffer.alloc(0), word, trailer && { ...trailer, value: base64('crc32', Buffer.alloc(0)) })
    expect(await outcome(empty, chunkedHeaders(0, trailer?.name), word)).toBe(whole(Buffer.alloc(0)))
  })

  /** Each corruption, what it does to the wire text, and the code that must come of it. */
  const corruptions: [name: string, (wire: string) => string, code: RegExp][] = [
    ['one byte of the data', (all) => all.replace('aaaa', 'aaab'), /SignatureDoesNotMatch|BadDigest/],
    ['the end is missing', (all) => all.slice(0, -3), /IncompleteBody/],
    ['half is missing', (all) => all.slice(0, all.length / 2), /IncompleteBody/],
    ['a chunk is missing', (all) => all.slice(all.indexOf('\r\n2000') + 2), /IncompleteBody|SignatureDoesNotMatch/],
    ['a chunk twice', (all) => all.slice(0, all.indexOf('\r\n2000') + 2) + all, /IncompleteBody|SignatureDoesNotMatch/],
    ['a chunk is longer than said', (all) => all.replace('2000', '1fff'), /SignatureDoesNotMatch|InvalidRequest/],
    ['a chunk is shorter than said', (all) => all.replace('2000', '2001'), /SignatureDoesNotMatch|InvalidRequest/],
    ['a size that is not hexadecimal', (all) => all.replace('2000', '20g0'), /InvalidRequest/],
    ['an endless header', (all) => `${'0'.repeat(5000)}${all}`, /InvalidRequest/],
    ['a negative size', (all) => `-${all}`, /InvalidRequest/],
    ['no CR', (all) => all.replace('\r\n', '\n'), /InvalidRequest/],
    ['a trailer nobody declared', (all) => `${all.slice(0, -2)}x-amz-meta-a:b\r\n\r\n`, /MalformedTrailerError/],
    ['data after the end', (all) => `${all}400\r\naaaa`, /IncompleteBody|MalformedTrailerError/],
  ]
  if (signed) {
    corruptions.push(
      [
        'signatures swapped',
        (all) => all.replace(first, '?').replace(second, first).replace('?', second),
        /SignatureDoesNotMatch/,
      ],
      ['no signature', (all) => all.replace(/;chunk-signature=[0-9a-f]+/, ''), /SignatureDoesNotMatch/],
      [
        'a last chunk of another chain',
        (all) => all.replace(/(0;chunk-signature=)[0-9a-f]{64}(?=\r\n(\r|x))/, `$1${'0'.repeat(64)}`),
        /SignatureDoesNotMatch/,
      ],
    )
  }
  if (trailer) {
    corruptions.push(
      ['another checksum', (all) => all.replace(trailer.value, 'AAAAAA=='), /SignatureDoesNotMatch|BadDigest/],
      ['no trailer', (all) => `${all.slice(0, all.indexOf('x-amz-checksum'))}\r\n`, /MalformedTrailerError/],
      ['the trailer twice', (all) => all.replace(/x-amz-checksum[^\n]*\n/, '$&$&'), /MalformedTrailerError/],
    )
  }
  if (trailer && signed)
    corruptions.push([
      'no trailer signature',
      (all) => all.replace(/x-amz-trailer-sig[^\n]*\n/, ''),
      /SignatureDoesNotMatch/,
    ])

  test.each(corruptions)('refused: %s', async (_name, corrupt, code) => {
    const broken = corrupt(text)
    expect(broken).not.toBe(text)
    expect(await outcome(Buffer.from(broken, 'latin1'), headers, word)).toMatch(code)
  })

  test('refused: another length, or none', async () => {
    expect(await outcome(wire, chunkedHeaders(body.length - 1, trailer?.name), word)).toBe('IncompleteBody')
    expect(await outcome(wire, chunkedHeaders(body.length + 1, trailer?.name), word)).toBe('IncompleteBody')
    expect(() => payloadPlan([], word, { chain: chain(seed) })).toThrow(Fault)
  })
})

test('signed chunks without a signature to build on are refused', () => {
  expect(() => payloadPlan(chunkedHeaders(1), payloadWords.signedChunks)).toThrow(/does not fit/)
})

describe('a plain body', () => {
  const data = Buffer.from('Welcome to Amazon S3.')
  const md5 = base64('md5', data)
  const length: HeaderPair = ['content-length', String(data.length)]

  test.each(checksumAlgorithms)('with %s', async (algorithm) => {
    const header = `x-amz-checksum-${algorithm}`
    const plan = payloadPlan([length, [header, base64(algorithm, data)], ['content-md5', md5]], sha256(data))
    const stream = payloadStream(Readable.from([data]), plan)
    expect(() => stream.digests()).toThrow(/before it has ended/)
    expect(Buffer.concat(await stream.toArray())).toEqual(data)
    expect(stream.digests()).toEqual({
      length: data.length,
      md5: Buffer.from(md5, 'base64').toString('hex'),
      sha256: sha256(data),
      checksum: { algorithm, value: base64(algorithm, data) },
    })
    expect(await outcome(data, [[header, base64(algorithm, Buffer.from('else'))]])).toBe('BadDigest')
    expect(await outcome(data, [[header, 'AAA=']])).toBe('InvalidRequest')
  })

  const refused: [name: string, headers: HeaderPair[], word: string | undefined, code: string][] = [
    ['another hash', [length], sha256('else'), 'XAmzContentSHA256Mismatch'],
    ['another MD5', [['content-md5', base64('md5', Buffer.from('else'))]], undefined, 'BadDigest'],
    [
      'an MD5 in hexadecimal',
      [['content-md5', Buffer.from(md5, 'base64').toString('hex')]],
      undefined,
      'InvalidDigest',
    ],
    ['an empty MD5', [['content-md5', '']], undefined, 'InvalidDigest'],
    ['too few bytes', [['content-length', '22']], undefined, 'IncompleteBody'],
    ['too many bytes', [['content-length', '20']], undefined, 'IncompleteBody'],
    ['an unknown word', [], 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'InvalidRequest'],
    ['a hash that is none', [], 'abc', 'AccessDenied'],
    [
      'two checksums',
      [
        ['x-amz-checksum-crc32', base64('crc32', data)],
        ['x-amz-checksum-sha1', base64('sha1', data)],
      ],
      undefined,
      'InvalidRequest',
    ],
  ]
  test.each(refused)('refused: %s', async (_name, headers, word, code) => {
    expect(await outcome(data, headers, word)).toBe(code)
  })

  test('CompleteMultipartUpload may name the checksum of the object', async () => {
    const plan = payloadPlan([['x-amz-checksum-crc32', 'AAAAAA==']], undefined, { ofObject: false })
    expect(await readPayload(Readable.from([data]), plan, 100)).toEqual(data)
  })

  test('more than the limit is refused', async () => {
    await expect(readPayload(Readable.from([data]), payloadPlan([], undefined), 20)).rejects.toThrow(/too big/)
  })
})

describe('the source', () => {
  test('that breaks off gives IncompleteBody with the cause', async () => {
    const source = new PassThrough()
    const reading = payloadStream(source, payloadPlan([['content-length', '10']], undefined)).toArray()
    source.write('12345')
    source.destroy(new Error('aborted'))
    await expect(reading).rejects.toMatchObject({ row: { code: 'IncompleteBody' }, cause: { message: 'aborted' } })
  })

  test('survives a refusal, and is read to its end', async () => {
    const source = new PassThrough()
    const reading = payloadStream(source, payloadPlan([['content-length', '3']], undefined)).toArray()
    source.write('12345')
    await expect(reading).rejects.toMatchObject({ row: { code: 'IncompleteBody' } })
    expect(source.destroyed).toBe(false)
    source.end(Buffer.alloc(1_000_000))
    await new Promise((resolve) => source.on('end', resolve))
  })

  test('is not read ahead of the consumer', async () => {
    let given = 0
    const source = new Readable({
      read() {
        given += 65_536
        this.push(given > 50_000_000 ? null : Buffer.alloc(65_536))
      },
    })
    const stream = payloadStream(source, payloadPlan([], undefined))
    await new Promise((resolve) => stream.once('readable', resolve))
    await new Promise((resolve) => setImmediate(resolve))
    expect(given).toBeLessThan(1_000_000)
    stream.destroy()
  })
})
