import { list, text, type Xml } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { contentOf, expectSame } from '../../bucket.ts'
import { makeBucket } from '../../buckets.ts'
import { refusal } from '../../refusal.ts'

const listing = area('listing', {
  needs: ['s3'],
  source: 'S3 API Reference, ListBuckets; ObjectStorageGETBinding.java (Eucalyptus knows no pages of buckets)',
})

/** How long the beginning is that all names have. */
function sharedLength([first = '', ...others]: readonly string[]): number {
  const differs = [...first].findIndex((letter, index) => others.some((one) => one[index] !== letter))
  return differs < 0 ? first.length : differs
}

export default [
  listing(
    'buckets-in-pages',
    'AWS lists buckets in pages and by a prefix, if asked for; Eucalyptus lists them all',
    ['ListBuckets'],
    async (tools) => {
      const { s3 } = tools.administrator
      const made: string[] = []
      for (let count = 0; count < 3; count++) made.push(await makeBucket(tools))
      made.sort()
      const prefix = made[0]?.slice(0, sharedLength(made)) ?? ''
      const page = async (query: string) => contentOf(await s3({ method: 'GET', path: '/', query }))
      const names = (document: Xml) => list(document, 'Buckets', 'Bucket').map((bucket) => text(bucket, 'Name'))
      const first = await page(`prefix=${prefix}&max-buckets=2`)
      if (tools.target.fidelity === 'eucalyptus') {
        const own = names(first).filter((name) => name?.startsWith(prefix))
        return expectSame('the buckets, all of them', own.sort(), made)
      }
      expectSame('how many of them', names(first).length, 2)
      const token = encodeURIComponent(text(first, 'ContinuationToken') ?? '')
      const rest = await page(`prefix=${prefix}&max-buckets=2&continuation-token=${token}`)
      // In which order they come is told nowhere.
      const end = [[...names(first), ...names(rest)].sort(), text(rest, 'ContinuationToken')]
      expectSame('both pages, and no more', end, [made, undefined])
      expectSame('of one prefix', names(await page(`prefix=${made[1]}`)), [made[1]])
      expectSame('of a prefix that none has', names(await page(`prefix=${prefix}-none`)), [])
      for (const most of ['0', '10001']) {
        await tools.refuses(page(`max-buckets=${most}`), refusal('InvalidArgument', 400))
      }
    },
  ),
]
