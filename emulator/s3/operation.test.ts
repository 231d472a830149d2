import { expect, test } from 'vitest'
import { originOf } from './operation.ts'

test.each([
  [true, 'https://localhost:8773'],
  [false, 'http://localhost:8773'],
])('a client is led back as it came, over TLS: %s', (isSecure, origin) =>
  expect(originOf({ peer: { address: '127.0.0.1', isSecure }, headers: { host: 'localhost:8773' } })).toBe(origin),
)
