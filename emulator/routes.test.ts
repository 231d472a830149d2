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

describe('without a service path', () => {
  test('the action tells the service', () =>
    expect(routeOf('/', () => 'sts')).toMatchObject({ service: 'sts', path: '/' }))
  test('no action is Object Storage', () => expect(routeOf('/', noAction)).toMatchObject({ service: 's3', path: '/' }))
  test('a bucket is Object Storage, whatever else is said', () =>
    expect(routeOf('/bucket', () => 'ec2')).toMatchObject({ service: 's3', path: '/bucket' }))
})
