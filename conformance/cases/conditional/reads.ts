import { area } from '../../area.ts'
import { expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const conditional = area('conditional', {
  needs: ['s3'],
  source:
    'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, GetObject and HeadObject; RFC 9110 section 13',
})

const [longAgo, soon] = [new Date(0).toUTCString(), new Date(Date.now() + 86_400_000).toUTCString()]

type Verdict = 200 | 304 | 412
type Conditions = Readonly<Record<string, string>>

/** The conditions of one header, and of two that contradict each other; `ETAG` and `STORED` stand for the object's own. */
const single: readonly (readonly [Conditions, Verdict])[] = [
  [{ 'if-match': 'ETAG' }, 200],
  [{ 'if-match': '"other"' }, 412],
  [{ 'if-none-match': '"other"' }, 200],
  [{ 'if-none-match': 'ETAG' }, 304],
  [{ 'if-unmodified-since': soon }, 200],
  [{ 'if-unmodified-since': longAgo }, 412],
  [{ 'if-modified-since': longAgo }, 200],
  // A time that is still to come would be no valid one in the older RFC 2616.
  [{ 'if-modified-since': 'STORED' }, 304],
]

/** What RFC 9110 has besides, and the S3 API Reference does not speak of. */
const rare: readonly (readonly [Conditions, Verdict])[] = [
  [{ 'if-match': '*' }, 200],
  [{ 'if-match': '"other", ETAG' }, 200],
  [{ 'if-none-match': '"other", ETAG' }, 304],
  [{ 'if-none-match': '*' }, 304],
  [{ 'if-modified-since': 'no date' }, 200],
]

const double: readonly (readonly [Conditions, Verdict])[] = [
  [{ 'if-match': 'ETAG', 'if-unmodified-since': longAgo }, 200],
  [{ 'if-match': '"other"', 'if-unmodified-since': soon }, 412],
  [{ 'if-none-match': 'ETAG', 'if-modified-since': longAgo }, 304],
  [{ 'if-none-match': '"other"', 'if-modified-since': 'STORED' }, 200],
  [{ 'if-match': '"other"', 'if-none-match': 'ETAG' }, 412],
]

/** A case that asks for one object by GET and HEAD under conditions. */
const judged = (
  words: string,
  title: string,
  rows: readonly (readonly [Conditions, Verdict])[],
  own: { smoke?: true; level?: 'SHOULD'; source?: string } = {},
) =>
  conditional(
    words,
    title,
    ['GetObject', 'HeadObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('object', 'content')
      const { etag = '', 'last-modified': stored = '' } = (await bucket.ask('HEAD', 'object')).headers
      for (const [conditions, verdict] of rows) {
        const own = (value: string) => value.replace('ETAG', etag).replace('STORED', stored)
        const filled = Object.entries(conditions).map(([name, value]) => [name, own(value)])
        const headers: Record<string, string> = Object.fromEntries(filled)
        for (const method of ['GET', 'HEAD']) {
          const asked = `${method} with ${JSON.stringify(conditions)}`
          const attempt = bucket.ask(method, 'object', { headers })
          if (verdict === 412) {
            // The answer to HEAD has no body that could name the code.
            await tools.refuses(attempt, refusal(method === 'GET' ? 'PreconditionFailed' : 'HTTP 412', 412))
            continue
          }
          const answer = await attempt
          const body = method === 'GET' && verdict === 200 ? 'content' : ''
          expectSame(asked, [answer.status, answer.body.toString()], [verdict, body])
          expectHeaders(asked, answer, { etag })
        }
      }
    },
    own,
  )

export default [
  judged(
    'reads',
    'GET and HEAD answer, say 304 without a body, or refuse with 412, by each of the four conditions',
    single,
    {
      smoke: true,
    },
  ),
  judged(
    'reads-by-lists-and-stars',
    'a condition may list several ETags or any, and a date that is none does not count',
    rare,
    {
      level: 'SHOULD',
      source: 'RFC 9110 sections 13.1.1 to 13.1.3',
    },
  ),
  judged('reads-with-two-conditions', 'of two conditions the ETag counts more than the date', double),
  conditional(
    'what-is-not-there',
    'an object that is not there is NoSuchKey, whatever the conditions',
    ['GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const headers of [{ 'if-match': '*' }, { 'if-none-match': '*' }, { 'if-modified-since': soon }]) {
        const attempt = bucket.ask('GET', 'absent', { headers: headers as Record<string, string> })
        await tools.refuses(attempt, refusal('NoSuchKey', 404))
      }
    },
  ),
]
