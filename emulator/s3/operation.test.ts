import { expect, test } from 'vitest'
import { bucketUrl } from './operation.ts'

test.each([
  [true, 'localhost:8773', 'https://localhost:8773/mine'],
  [false, 'localhost:8773', 'http://localhost:8773/mine'],
  [false, 's3.localhost:8773', 'http://s3.localhost:8773/mine'],
  [false, 'mine.s3.localhost:8773', 'http://mine.s3.localhost:8773'],
])('a client is led back as it came, over TLS: %s, to %s', (isSecure, host, url) =>
  expect(bucketUrl({ bucket: 'mine', peer: { address: '127.0.0.1', isSecure }, headers: { host } })).toBe(url),
)
