import { describe, expect, test } from 'vitest'
import { routeOf } from './routes.ts'

const noAction = () => undefined

describe('a service path', () => {
  test.each([
    ['/services/compute', 'ec2', '/services/compute', '/'],
    ['/services/compute/', 'ec2', '/services/compute', '/'],
    ['/services/Eucalyptus', 'ec2', '/services/Eucalyptus', '/'],
    ['/services/eucalyptus/', 'ec2', '/services/eucalyptus', '/'],
    ['/services/Euare', 'iam', '/services/Euare', '/'],
    ['/services/Tokens/', 'sts', '/services/Tokens', '/'],
    ['/services/Empyrean', 'empyrean', '/services/Empyrean', '/'],
    ['/services/objectstorage', 's3', '/services/objectstorage', '/'],
    ['/services/objectstorage/bucket/a%2Fb//c', 's3', '/services/objectstorage', '/bucket/a%2Fb//c'],
    ['/services/Walrus/bucket', 's3', '/services/Walrus', '/bucket'],
  ])('%s is %s', (rawPath, service, servicePath, path) =>
    expect(routeOf(rawPath, noAction)).toEqual({ service, servicePath, path }),
  )

  test.each([
    '/services/computer',
    '/services/objectstorage2/x',
    '/services',
    '/services%2Fcompute',
    '//services/compute',
  ])('%s is none: a bucket bears that name', (rawPath) =>
    expect(routeOf(rawPath, () => 'ec2')).toEqual({ service: 's3', servicePath: '', path: rawPath }),
  )
})

describe('a host', () => {
  const host = 'My.bucket.s3.localhost:8773'
  test.each<[string, string | undefined, string, string | undefined]>([
    ['/', host, '/my.bucket/', 'my.bucket'],
    ['/key', host, '/my.bucket/key', 'my.bucket'],
    ['//a%2Fb/', host, '/my.bucket//a%2Fb/', 'my.bucket'],
    ['/services/compute', host, '/my.bucket/services/compute', 'my.bucket'],
    ['*', host, '/my.bucket/*', 'my.bucket'],
    ['/key', 'a%2fb.s3.x', '/a%252fb/key', 'a%2fb'],
    ['/key', 'a/b.s3.x', '/a%2Fb/key', 'a/b'],
    ['/', 's3.localhost', '/', undefined],
    ['/mine/key', 's3.localhost', '/mine/key', undefined],
    ['/services/objectstorage/key', 'walrus.localhost', '/services/objectstorage/key', undefined],
  ])('of Object Storage says of %s on %s that it is %s', (rawPath, name, path, hostBucket) =>
    expect(routeOf(rawPath, () => 'ec2', name)).toEqual({
      ...{ service: 's3', servicePath: '', path },
      ...(hostBucket !== undefined && { hostBucket }),
    }),
  )

  test.each([undefined, '', 'localhost', 's3', '.s3.x', '[::1]:8773'])('that is %s says nothing', (name) => {
    expect(routeOf('/services/compute', noAction, name)).toMatchObject({ service: 'ec2' })
    expect(routeOf('/', () => 'iam', name)).toMatchObject({ service: 'iam' })
    expect(routeOf('/mine/key', noAction, name)).toEqual({ service: 's3', servicePath: '', path: '/mine/key' })
  })
})

describe('without a service path', () => {
  test('the action tells the service', () =>
    expect(routeOf('/', () => 'sts')).toMatchObject({ service: 'sts', path: '/' }))
  test('no action is Object Storage', () => expect(routeOf('/', noAction)).toMatchObject({ service: 's3', path: '/' }))
  test('a bucket is Object Storage, whatever else is said', () =>
    expect(routeOf('/bucket', () => 'ec2')).toMatchObject({ service: 's3', path: '/bucket' }))
})
