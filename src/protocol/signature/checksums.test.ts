import { describe, expect, test } from 'vitest'
import { type ChecksumAlgorithm, checksumOf, startChecksum } from './checksums.ts'

/** The check values of the CRC catalogue, over `123456789`; those of the hashes from sha1sum and sha256sum. */
const published: [ChecksumAlgorithm | 'md5', string][] = [
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['md5', '25f9e794323b453885f5181f1b624d0b'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['sha256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
]

describe.each(published)('%s', (algorithm, expected) => {
  test('has the published value, however the bytes are cut', () => {
    for (const at of [0, 1, 4, 9]) {
      const sum = startChecksum(algorithm)
      sum.update(Buffer.from('123456789'.slice(0, at)))
      sum.update(Buffer.from('123456789'.slice(at)))
      expect(sum.digest().toString('hex')).toBe(expected)
    }
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
