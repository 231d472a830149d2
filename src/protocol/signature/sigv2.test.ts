import { describe, expect, test } from 'vitest'
import { canonicalResource, presignS3, queryStringToSign, s3StringToSign, signParameters, signV2 } from './sigv2.ts'
import type { HeaderPair } from './wire.ts'

const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

/** From the S3 developer guide, "Signing and authenticating REST requests". */
const published: [name: string, method: string, path: string, query: string, headers: HeaderPair[], string][] = [
  [
    'GET',
    'GET',
    '/photos/puppy.jpg',
    '',
    [['Date', 'Tue, 27 Mar 2007 19:36:42 +0000']],
    'bWq2s1WEIj+Ydj0vQ697zp+IXMU=',
  ],
  [
    'PUT',
    'PUT',
    '/photos/puppy.jpg',
    '',
    [
      ['Content-Type', 'image/jpeg'],
      ['Content-Length', '94328'],
      ['Date', 'Tue, 27 Mar 2007 21:15:45 +0000'],
    ],
    'MyyxeRY7whkBe+bq8fHCL/2kKUg=',
  ],
  [
    'list',
    'GET',
    '/',
    'prefix=photos&max-keys=50&marker=puppy',
    [['Date', 'Tue, 27 Mar 2007 19:42:41 +0000']],
    'htDYFYduRNen8P9ZfE/s9SuKy0U=',
  ],
  ['GET acl', 'GET', '/', 'acl', [['Date', 'Tue, 27 Mar 2007 19:44:46 +0000']], 'c2WLPFtWHVgbEmeEG93a4cG37dM='],
]

describe('S3', () => {
  test.each(published)('published: %s', (_name, method, rawPath, rawQuery, headers, expected) => {
    const request = { method, rawPath, rawQuery, headers }
    const toSign = s3StringToSign(request, { rawPath, contentType: true }, { hostBucket: 'johnsmith' })
    expect(signV2(credentials.secretAccessKey, toSign, 'sha1')).toBe(expected)
  })

  test('published: upload with metadata given twice', () => {
    const headers: HeaderPair[] = [
      ['User-Agent', 'curl/7.15.5'],
      ['Date', 'Tue, 27 Mar 2007 21:06:08 +0000'],
      ['x-amz-acl', 'public-read'],
      ['content-type', 'application/x-download'],
      ['Content-MD5', '4gJE4saaMU4BqNR0kLY+lw=='],
      ['X-Amz-Meta-ReviewedBy', 'joe@johnsmith.net'],
      ['X-Amz-Meta-ReviewedBy', 'jane@johnsmith.net'],
      ['X-Amz-Meta-FileChecksum', '0x02661779'],
      ['X-Amz-Meta-ChecksumAlgorithm', 'crc32'],
    ]
    const rawPath = '/static.johnsmith.net/db-backup.dat.gz'
    const toSign = s3StringToSign({ method: 'PUT', rawPath, rawQuery: '', headers }, { rawPath, contentType: true })
    expect(signV2(credentials.secretAccessKey, toSign, 'sha1')).toBe('ilyl83RwaSoYIEdixDQcA4OnAnc=')
  })

  test('published: presigned GET', () => {
    const request = { method: 'GET', rawPath: '/johnsmith/photos/puppy.jpg', rawQuery: '', headers: [] }
    expect(presignS3(request, credentials, new Date(1_175_139_620_000))).toBe(
      'AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D',
    )
  })

  test('x-amz-date empties the Date line', () => {
    const headers: HeaderPair[] = [
      ['date', 'Tue, 27 Mar 2007 21:20:27 +0000'],
      ['x-amz-date', 'Tue, 27 Mar 2007 21:20:26 +0000'],
    ]
    const request = { method: 'DELETE', rawPath: '/b/k', rawQuery: '', headers }
    expect(s3StringToSign(request, { rawPath: '/b/k', contentType: true })).toBe(
      'DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n/b/k',
    )
  })

  test.each([
    ['uploadId=x&partNumber=1&other=2', '/b/k?partNumber=1&uploadId=x'],
    ['uploads', '/b/k?uploads'],
    ['location=', '/b/k?location'],
    ['versionId=a%2Bb&versionId=a%2Bb', '/b/k?versionId=a+b'],
    ['response-content-type=text%2Fplain', '/b/k?response-content-type=text/plain'],
    ['max-keys=0', '/b/k'],
  ])('resource of ?%s', (rawQuery, expected) => {
    expect(canonicalResource('/b/k', rawQuery)).toBe(expected)
  })
})

describe('query services', () => {
  const parameters: [string, string][] = [
    ['Action', 'DescribeJobFlows'],
    ['Version', '2009-03-31'],
  ]

  test('published: a query request (general reference, version 2)', () => {
    const all: [string, string][] = [
      ...parameters,
      ['AWSAccessKeyId', credentials.accessKeyId],
      ['SignatureVersion', '2'],
      ['SignatureMethod', 'HmacSHA256'],
      ['Timestamp', '2011-10-03T15:19:30'],
    ]
    const toSign = queryStringToSign('GET', 'elasticmapreduce.amazonaws.com', '/', all)
    expect(signV2(credentials.secretAccessKey, toSign, 'sha256')).toBe('i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs=')
  })

  test('signing adds the five parameters', () => {
    const request = { method: 'GET', host: 'elasticmapreduce.amazonaws.com', rawPath: '/', parameters }
    const signed = signParameters(request, credentials, new Date('2011-10-03T15:19:30Z'), 'HmacSHA1')
    expect(Object.fromEntries(signed)).toEqual({
      Action: 'DescribeJobFlows',
      Version: '2009-03-31',
      AWSAccessKeyId: credentials.accessKeyId,
      SignatureMethod: 'HmacSHA1',
      SignatureVersion: '2',
      Timestamp: '2011-10-03T15:19:30Z',
      Signature: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/),
    })
  })
})
