import assert from 'node:assert/strict'
import { text, type Xml } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, expectSame, openBucket, texts } from '../../bucket.ts'
import { keyPath } from '../../buckets.ts'
import { refusal } from '../../refusal.ts'

const listing = area('listing', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md section 10.1; S3 API Reference, ListObjects and ListObjectsV2',
  seconds: 2,
})

const keysOf = (page: Xml) => texts(page, 'Contents', 'Key')
const prefixesOf = (page: Xml) => texts(page, 'CommonPrefixes', 'Prefix')

/** Puts small objects under many keys, a few at a time; the key is its own content. */
async function fill(bucket: Bucket, keys: readonly string[]): Promise<void> {
  const queue = [...keys]
  const work = async () => {
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) await bucket.put(keyPath(key), key)
  }
  // All come to their end, so that nothing is put any more while the bucket is emptied.
  const ends = await Promise.allSettled(Array.from({ length: 8 }, work))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** All pages of a listing of either version, each with at most so many rows. */
async function pagesOf(bucket: Bucket, version: 1 | 2, size: number, query = ''): Promise<Xml[]> {
  const pages: Xml[] = []
  for (let next: string | undefined = ''; next !== undefined; ) {
    const page: Xml = await bucket.document(`?${version === 2 ? 'list-type=2&' : ''}max-keys=${size}${query}${next}`)
    const rows = keysOf(page).length + prefixesOf(page).length
    const isTruncated = text(page, 'IsTruncated') === 'true'
    assert.ok(rows <= size && (!isTruncated || rows > 0), `a page of ${size} has ${rows} rows`)
    if (version === 2) expectSame('KeyCount', text(page, 'KeyCount'), String(rows))
    pages.push(page)
    assert.ok(pages.length < 100, 'the listing does not end')
    const after = text(page, 'NextMarker') ?? keysOf(page).at(-1) ?? ''
    const [name, value] =
      version === 2 ? ['continuation-token', text(page, 'NextContinuationToken') ?? ''] : ['marker', after]
    next = isTruncated ? `&${name}=${encodeURIComponent(value)}` : undefined
  }
  return pages
}

const versions = [1, 2] as const
const numbered = Array.from({ length: 23 }, (_, index) => `key-${String(index).padStart(2, '0')}`)

export default [
  listing(
    'pages-lose-nothing',
    'in pages of any size every key comes once, in order, by both versions of the operation',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await fill(bucket, numbered)
      for (const version of versions) {
        for (const size of [1, 7, 11, 22, 23, 24]) {
          const pages = await pagesOf(bucket, version, size)
          expectSame(`version ${version}, ${size} a page`, pages.flatMap(keysOf), numbered)
          expectSame(`version ${version}, ${size} a page: how many`, pages.length, Math.ceil(23 / size))
        }
      }
    },
    { seconds: 4, smoke: true },
  ),
  listing(
    'pages-of-folders',
    'a folder counts as one row and comes on one page only, wherever the pages end',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const keys = ['a/1', 'a/2', 'a/3', 'b', 'c/1', 'c/d/2', 'e', 'f/1', 'g', 'h/1', 'h/2']
      await fill(bucket, keys)
      for (const version of versions) {
        for (const size of [1, 2, 3, 10]) {
          const pages = await pagesOf(bucket, version, size, '&delimiter=%2F')
          const asked = `version ${version}, ${size} a page`
          expectSame(`${asked}: keys`, pages.flatMap(keysOf), ['b', 'e', 'g'])
          expectSame(`${asked}: folders`, pages.flatMap(prefixesOf), ['a/', 'c/', 'f/', 'h/'])
        }
      }
    },
  ),
  listing(
    'prefixes-and-delimiters',
    'any text can be the delimiter, and a folder reaches from the prefix to the delimiter behind it',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await fill(bucket, ['2026-01-a', '2026-02-b', '2026-02-c', '2027', 'x--y--z', 'x-y'])
      const tried: [string, string[], string[]][] = [
        ['prefix=2026-', ['2026-01-a', '2026-02-b', '2026-02-c'], []],
        ['prefix=2026-&delimiter=-', [], ['2026-01-', '2026-02-']],
        ['prefix=2026&delimiter=-', [], ['2026-']],
        ['delimiter=--', ['2026-01-a', '2026-02-b', '2026-02-c', '2027', 'x-y'], ['x--']],
        ['prefix=2027&delimiter=-', ['2027'], []],
        ['prefix=absent', [], []],
        ['delimiter=absent', ['2026-01-a', '2026-02-b', '2026-02-c', '2027', 'x--y--z', 'x-y'], []],
      ]
      for (const [query, keys, prefixes] of tried) {
        for (const version of ['', 'list-type=2&']) {
          const page = await bucket.document(`?${version}${query}`)
          expectSame(`${version}${query}`, [keysOf(page), prefixesOf(page)], [keys, prefixes])
        }
      }
    },
  ),
  listing(
    'start-after-and-marker',
    'a listing begins behind the key that it is told, which need not be there',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await fill(bucket, ['a', 'b', 'c/1', 'c/2', 'd'])
      for (const [after, keys] of [
        ['b', ['c/1', 'c/2', 'd']],
        ['bb', ['c/1', 'c/2', 'd']],
        ['c/1', ['c/2', 'd']],
        ['d', []],
      ] as const) {
        const encoded = encodeURIComponent(after)
        expectSame(`marker=${after}`, keysOf(await bucket.document(`?marker=${encoded}`)), keys)
        const second = await bucket.document(`?list-type=2&start-after=${encoded}`)
        expectSame(`start-after=${after}`, [keysOf(second), text(second, 'StartAfter')], [keys, after])
      }
      const first = await bucket.document('?list-type=2&max-keys=2')
      const token = encodeURIComponent(text(first, 'NextContinuationToken') ?? '')
      const both = await bucket.document(`?list-type=2&start-after=d&continuation-token=${token}`)
      expectSame('a token counts more than start-after', keysOf(both), ['c/1', 'c/2', 'd'])
    },
  ),
  listing(
    'order-is-that-of-bytes',
    'keys come in the order of their bytes in UTF-8, whatever letters they have',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const keys = [
        '!',
        '-',
        '0',
        '10',
        '9',
        'A',
        'Z',
        '_',
        'a',
        'a b',
        'a-',
        'a/',
        'aa',
        '~',
        'é',
        '日',
        '\uff5e',
        '😀',
      ]
      const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      await fill(bucket, keys)
      for (const version of versions) {
        expectSame(`version ${version}`, (await pagesOf(bucket, version, 5)).flatMap(keysOf), sorted)
      }
    },
  ),
  listing(
    'a-thousand-keys-a-page',
    'a page has no more than a thousand keys, however many are asked for, and tells that there are more',
    ['ListObjects', 'ListObjectsV2', 'DeleteObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const keys = Array.from({ length: 1003 }, (_, index) => `key-${String(index).padStart(4, '0')}`)
      await fill(bucket, keys)
      for (const query of ['', '?max-keys=5000', '?list-type=2', '?list-type=2&max-keys=5000']) {
        const page = await bucket.document(query)
        const came = [keysOf(page).length, text(page, 'IsTruncated'), text(page, 'MaxKeys')]
        expectSame(`list ${query}`, came, [1000, 'true', '1000'])
      }
      expectSame('all pages', (await pagesOf(bucket, 2, 1000)).flatMap(keysOf), keys)
      await tools.administrator.minio.removeObjects(bucket.name, keys)
      expectSame('after all were deleted', keysOf(await bucket.document('')), [])
    },
    { seconds: 15, source: 'eucalyptus-behaviour.md section 10.1 (max keys 1000); S3 API Reference, ListObjectsV2' },
  ),
  listing(
    'no-keys-and-bad-numbers',
    'of no keys none come, and a number that is none or a token that was never given is refused',
    ['ListObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await fill(bucket, ['a', 'b'])
      for (const version of ['', 'list-type=2&']) {
        const page = await bucket.document(`?${version}max-keys=0`)
        expectSame(`${version}max-keys=0`, [keysOf(page), text(page, 'IsTruncated')], [[], 'false'])
        for (const bad of ['-1', 'many']) {
          await tools.refuses(bucket.ask('GET', `?${version}max-keys=${bad}`), refusal('InvalidArgument', 400))
        }
      }
      const invented = bucket.ask('GET', '?list-type=2&continuation-token=invented')
      await tools.refuses(invented, refusal('InvalidArgument', 400))
    },
  ),
]
