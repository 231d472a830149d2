import { expect, test } from 'vitest'
import { serviceHost } from './service-host.ts'

test.each<[string, string]>([
  ['mine.s3.localhost', 'mine'],
  ['mine.s3.localhost:8773', 'mine'],
  ['mine.s3.localhost.', 'mine'],
  ['Mine.S3.LocalHost:', 'mine'],
  ['mine.s3.us-east-1.example.com', 'mine'],
  ['mine.objectstorage.example.com', 'mine'],
  ['mine.Walrus.example.com:80', 'mine'],
  ['with.dots.s3.localhost', 'with.dots'],
  ['a.s3.b.s3.localhost', 'a.s3.b'],
  ['a.s3.walrus.localhost', 'a.s3'],
  ['s3.s3.localhost', 's3'],
  ['..s3.x', '.'],
])('%s is the bucket %s', (host, bucket) => expect(serviceHost(host)).toEqual({ bucket }))

test.each(['s3.localhost', 'S3.localhost:8773', 's3.eu-west-1.example.com', 'walrus.x', 'objectstorage.example.com'])(
  '%s is the service',
  (host) => expect(serviceHost(host)).toEqual({}),
)

test.each([
  undefined,
  '',
  ':',
  's3',
  's3:8773',
  's3.',
  's3..x',
  '.s3.x',
  'mine.s3',
  'mine.s3.',
  'localhost:8773',
  '127.0.0.1',
  '[::1]:8773',
  'mys3.localhost',
  's3x.localhost',
  'mine.localhost',
])('%s is none', (host) => expect(serviceHost(host)).toBeUndefined())
