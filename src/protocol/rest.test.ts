import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadPath, parseCopySource, parseRestPath, subResourceOf } from './rest.ts'

describe('parseRestPath', () => {
  it.each([
    ['/', 'service', '', ''],
    ['/bucket', 'bucket', 'bucket', ''],
    ['/bucket/', 'bucket', 'bucket', ''],
    ['/bucket/key', 'object', 'bucket', 'key'],
    ['/bucket//root/x', 'object', 'bucket', '/root/x'],
    ['/bucket/a//b/', 'object', 'bucket', 'a//b/'],
    ['/bucket/../a', 'object', 'bucket', '../a'],
    ['/bucket/%2Fa%00%F0%9F%98%80+', 'object', 'bucket', '/a\u0000😀+'],
    ['/b%25/k', 'object', 'b%', 'k'],
  ])('%s is the %s %j %j', (path, of, bucket, key) => {
    expect(parseRestPath(path)).toEqual({ of, bucket, key })
  })

  it.each(['//key', '/bucket/%ff', '/bucket/%', '/bucket/%ED%A0%80'])('%s is refused', (path) => {
    expect(() => parseRestPath(path)).toThrow(BadPath)
  })

  it('gives back every key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
        expect(parseRestPath(`/b/${encodeURIComponent(key)}`).key).toBe(key)
      }),
    )
  })
})

describe('parseCopySource', () => {
  it.each([
    ['/bucket/a%20b', { bucket: 'bucket', key: 'a b', versionId: undefined }],
    ['bucket//a?versionId=null', { bucket: 'bucket', key: '/a', versionId: 'null' }],
    ['bucket%2Fa%2Fb', { bucket: 'bucket', key: 'a/b', versionId: undefined }],
    ['%2Fbucket%2Fa', { bucket: 'bucket', key: 'a', versionId: undefined }],
    ['bucket/a+b%2Bc', { bucket: 'bucket', key: 'a b+c', versionId: undefined }],
    ['bucket/a?versionId=x+y', { bucket: 'bucket', key: 'a', versionId: 'x+y' }],
    ['bucket/a%3FversionId=1', { bucket: 'bucket', key: 'a?versionId=1', versionId: undefined }],
  ])('%s', (header, source) => {
    expect(parseCopySource(header)).toEqual(source)
  })

  it.each(['', 'bucket', '/bucket/', '//key', 'bucket/%zz'])('%j is refused', (header) => {
    expect(() => parseCopySource(header)).toThrow(BadPath)
  })
})

describe('subResourceOf', () => {
  it.each([
    ['bucket', 'acl=', 'acl'],
    ['bucket', 'location', 'location'],
    ['object', 'partNumber=1&uploadId=x', 'uploadId'],
    ['object', 'delete', undefined],
    ['bucket', 'prefix=acl&max-keys=0', undefined],
    ['object', 'torrent&versionId=1', undefined],
    ['service', 'acl', undefined],
  ] as const)('%s?%s chooses %s', (of, query, expected) => {
    expect(subResourceOf(of, [...new URLSearchParams(query)])).toBe(expected)
  })
})
