import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { presign, type Signer, sha256, signature, signHeaders } from './sigv4.ts'
import { encodeBytes, type HeaderPair, toBytes } from './wire.ts'

const s3: Signer = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
  service: 's3',
  time: new Date('2013-05-24T00:00:00Z'),
}
const host: HeaderPair = ['host', 'examplebucket.s3.amazonaws.com']
const storageClass: HeaderPair = ['x-amz-storage-class', 'REDUCED_REDUNDANCY']
const chunked: HeaderPair[] = [
  ['host', 's3.amazonaws.com'],
  ['content-encoding', 'aws-chunked'],
  ['x-amz-decoded-content-length', '66560'],
  storageClass,
]

/** From the S3 API reference, "Signature Calculations for the Authorization Header" and its two pages on chunks. */
const published = [
  {
    name: 'GET object with a range',
    request: ['GET', '/test.txt', '', [host, ['range', 'bytes=0-9']], sha256('')],
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT object',
    request: [
      'PUT',
      '/test$file.text',
      '',
      [host, ['date', 'Fri, 24 May 2013 00:00:00 GMT'], storageClass],
      sha256('Welcome to Amazon S3.'),
    ],
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET lifecycle',
    request: ['GET', '/', 'lifecycle', [host], sha256('')],
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'list objects',
    request: ['GET', '/', 'max-keys=2&prefix=J', [host], sha256('')],
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
  {
    name: 'PUT in chunks, the seed',
    request: [
      'PUT',
      '/examplebucket/chunkObject.txt',
      '',
      [...chunked, ['content-length', '66824']],
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    ],
    signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  },
  {
    name: 'PUT in chunks with a trailer, the seed',
    request: [
      'PUT',
      '/examplebucket/chunkObject.txt',
      '',
      [...chunked, ['x-amz-trailer', 'x-amz-checksum-crc32c']],
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    ],
    signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  },
] satisfies { name: string; request: [string, string, string, HeaderPair[], string]; signature: string }[]

/** From the AWS signature version 4 test suite; the last one from the general reference. */
const suite = [
  ['get-vanilla', 'GET', '', '', '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    'Param2=value2&Param1=value1',
    '',
    '',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'get-vanilla-utf8-query',
    'GET',
    `${encodeURIComponent('ሴ')}=bar`,
    '',
    '',
    '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  ],
  ['post-vanilla', 'POST', '', '', '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  [
    'post-x-www-form-urlencoded',
    'POST',
    '',
    'application/x-www-form-urlencoded',
    'Param1=value1',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
] as const

describe('published vectors', () => {
  test.each(published)('$name', ({ request: [method, rawPath, rawQuery, headers, payloadHash], signature }) => {
    expect(signHeaders({ method, rawPath, rawQuery, headers, payloadHash }, s3).signature).toBe(signature)
  })

  test('presigned GET', () => {
    const request = {
      method: 'GET',
      rawPath: '/test.txt',
      rawQuery: '',
      headers: [host],
      payloadHash: 'UNSIGNED-PAYLOAD',
    }
    const signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
    expect(presign(request, s3, 86_400)).toMatch(new RegExp(`X-Amz-Signature=${signature}$`))
  })

  test.each(suite)('%s', (_name, method, rawQuery, type, body, signature) => {
    const headers: HeaderPair[] = [
      ['host', 'example.amazonaws.com'],
      ...(type ? [['content-type', type] as const] : []),
    ]
    const signer: Signer = {
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
      service: 'service',
      time: new Date('2015-08-30T12:36:00Z'),
    }
    const request = { method, rawPath: '/', rawQuery, headers, payloadHash: sha256(body) }
    expect(signHeaders(request, signer).signature).toBe(signature)
  })
})

test('the signature is HMAC-SHA256, of short and of long texts, one after the other with the same key', () => {
  const key = Buffer.from(sha256('a key'), 'hex')
  const bytes = (options: fc.ArrayConstraints) => fc.array(fc.integer({ min: 0, max: 255 }), options)
  fc.assert(
    fc.property(fc.oneof(bytes({ maxLength: 200 }), bytes({ minLength: 1000, maxLength: 1100 })), (codes) => {
      const text = String.fromCharCode(...codes)
      expect(signature(key, text)).toBe(createHmac('sha256', key).update(text, 'latin1').digest('hex'))
    }),
  )
})

/** The hash that the oracle wants to be given. */
class Sha256 {
  readonly #hash
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data)
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
}

describe('the signer of the AWS SDK', () => {
  test.each(['s3', 'ec2'])('agrees for any path, query, header and body of %s', async (service) => {
    const oracle = new SignatureV4({
      credentials: s3,
      region: 'eu-west-1',
      service,
      sha256: Sha256 as never,
      uriEscapePath: service !== 's3',
      applyChecksum: service === 's3',
    })
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    const property = fc.asyncProperty(
      fc.array(word, { maxLength: 4 }),
      fc.dictionary(word, word, { maxKeys: 4, noNullPrototype: true }),
      fc.string({ maxLength: 20 }),
      fc.string(),
      async (segments, query, meta, body) => {
        fc.pre(!segments.some((segment) => /^\.{1,2}$/.test(segment)) && !Object.hasOwn(query, '__proto__'))
        const encode = (text: string) => encodeBytes(toBytes(text.toWellFormed()))
        const rawPath = `/${segments.map(encode).join('/')}`
        const named = Object.entries(query).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()] as const)
        const headers = { host: 'localhost:8773', 'x-amz-meta-a': meta.replace(/[^\x20-\x7e]/g, '') }
        const signed = await oracle.sign(
          {
            method: 'PUT',
            protocol: 'http:',
            hostname: 'localhost',
            port: 8773,
            path: rawPath,
            query: Object.fromEntries(named),
            headers: { ...headers },
            body,
          },
          { signingDate: s3.time },
        )
        const ours = signHeaders(
          {
            method: 'PUT',
            rawPath,
            rawQuery: named.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'),
            headers: Object.entries(headers),
            payloadHash: sha256(Buffer.from(body)),
          },
          { ...s3, service, region: 'eu-west-1' },
        )
        const theirs = signed.headers['authorization'] ?? ''
        expect(theirs).toContain(`Signature=${ours.signature}`)
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })
})
