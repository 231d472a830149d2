import { describe, expect, test } from 'vitest'
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumNamed,
  checksumOf,
  checksumOfParts,
  startChecksum,
} from './checksums.ts'

/** The check values of the CRC catalogue, over `123456789`; those of the hashes from sha1sum and sha256sum. */
const published: [ChecksumAlgorithm | 'md5', string][] = [
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['md5', '25f9e794323b453885f5181f1b624d0b'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
]

const sumOf = (algorithm: ChecksumAlgorithm | 'md5', ...pieces: (string | Buffer)[]) => {
  const sum = startChecksum(algorithm)
  for (const piece of pieces) sum.update(Buffer.from(piece))
  return sum.digest()
}

describe.each(published)('%s', (algorithm, expected) => {
  test('has the published value, however the bytes are cut', () => {
    for (const at of [0, 1, 4, 9])
      expect(sumOf(algorithm, '123456789'.slice(0, at), '123456789'.slice(at)).toString('hex')).toBe(expected)
  })

  test('does not depend on where long data is cut', () => {
    const data = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) >> 4))
    const whole = sumOf(algorithm, data)
    for (const at of [1, 7, 8, 9, 2503])
      expect(sumOf(algorithm, data.subarray(0, at), data.subarray(at))).toEqual(whole)
  })
})

/** Of RFC 3720, appendix B.4. */
test.each([
  ['zeros', Buffer.alloc(32), '8a9136aa'],
  ['ones', Buffer.alloc(32, 0xff), '62a8ab43'],
  ['ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), '46dd794e'],
])('CRC32C of 32 %s', (_, data, expected) => {
  expect(sumOf('crc32c', data).toString('hex')).toBe(expected)
})

describe('the checksum of parts', () => {
  const parts = ['', 'one', 'another', 'x'.repeat(1000), 'another', ''].map((text) => Buffer.from(text))
  const sized = (algorithm: ChecksumAlgorithm) =>
    parts.map((part) => ({ value: sumOf(algorithm, part).toString('base64'), size: part.length }))

  test.each(['crc32', 'crc32c', 'crc64nvme'] as const)('of %s is that of all bytes', (algorithm) => {
    const whole = sumOf(algorithm, ...parts).toString('base64')
    expect(checksumOfParts(algorithm, 'FULL_OBJECT', sized(algorithm))).toBe(whole)
    expect(checksumOfParts(algorithm, 'FULL_OBJECT', sized(algorithm).slice(1, 2))).toBe(
      sumOf(algorithm, 'one').toString('base64'),
    )
  })

  // ceph/s3-tests, test_multipart_use_cksum_helper_*: parts of 5 MiB of A, B and C.
  test.each([
    ['crc32', 'FULL_OBJECT', ['JRTCyQ==', 'QoZTGg==', 'YAgjqw=='], 'WgDhBQ=='],
    ['crc32c', 'FULL_OBJECT', ['MDaLrw==', 'TH4EZg==', 'Z7mBIQ=='], 'xU+Krw=='],
    ['crc64nvme', 'FULL_OBJECT', ['L/E4WYn8v98=', 'xW1l19VobYM=', 'cK5MnNaWrW4='], 'i+6LR0y3eFo='],
    [
      'sha256',
      'COMPOSITE',
      [
        '275VF5loJr1YYawit0XSHREhkFXYkkPKGuoK0x9VKxI=',
        'mrHwOfjTL5Zwfj74F05HOQGLdUb7E5szdCbxgUSq6NM=',
        'Vw7oB/nKQ5xWb3hNgbyfkvDiivl+U+/Dft48nfJfDow=',
      ],
      'uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3',
    ],
  ] as const)('%s %s is the published one', (algorithm, type, values, expected) => {
    const pieces = values.map((value) => ({ value, size: 5 * 2 ** 20 }))
    expect(checksumOfParts(algorithm, type, pieces)).toBe(expected)
  })

  test('of a hash is never that of all bytes', () => {
    expect(() => checksumOfParts('sha1', 'FULL_OBJECT', [])).toThrow('sha1')
  })
})

test.each([
  ['x-amz-checksum-crc32c', 'crc32c'],
  ['X-Amz-Checksum-SHA256', 'sha256'],
  ['x-amz-checksum-algorithm', undefined],
  ['x-amz-checksum-type', undefined],
])('%s names %s', (header, algorithm) => {
  expect(checksumOf(header)).toBe(algorithm)
})

test('algorithms are named in capitals on the wire', () => {
  expect(checksumAlgorithms.map((name) => checksumNamed(name.toUpperCase()))).toEqual([...checksumAlgorithms])
  expect(checksumNamed('MD5')).toBeUndefined()
})
