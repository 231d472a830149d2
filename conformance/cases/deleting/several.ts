import { list, text, type Xml } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, contentMd5, contentOf, expectSame, openBucket, openVersionedBucket, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const deleting = area('deleting', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md section 10.1; S3 API Reference, DeleteObjects',
})

const objectsOf = (keys: readonly string[]) => keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')

/** Deletes by a list of Object elements. */
const remove = (bucket: Bucket, objects: string, body = `<Delete>${objects}</Delete>`) =>
  bucket.ask('POST', '?delete', { body, headers: { 'content-md5': contentMd5(body) } })

const left = async (bucket: Bucket) => texts(await bucket.document('?list-type=2'), 'Contents', 'Key')
const deletedIn = (answer: Xml) => texts(answer, 'Deleted', 'Key').sort()

export default [
  deleting(
    'just-those-named',
    'just the objects that are named are deleted, and each is told, also one that was not there',
    ['DeleteObjects', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const key of ['a', 'ab', 'b', 'c', 'd/e']) await bucket.put(key, key)
      const answer = contentOf(await remove(bucket, objectsOf(['a', 'absent', 'c', 'd/e'])))
      expectSame('those told', deletedIn(answer), ['a', 'absent', 'c', 'd/e'])
      expectSame('the errors', list(answer, 'Error'), [])
      expectSame('those left', await left(bucket), ['ab', 'b'])
    },
    { smoke: true },
  ),
  deleting(
    'quietly',
    'with Quiet only failures are told, and still all are deleted',
    ['DeleteObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const key of ['a', 'b', 'c']) await bucket.put(key, key)
      const answer = contentOf(await remove(bucket, `<Quiet>true</Quiet>${objectsOf(['a', 'c'])}`))
      expectSame('those told', [deletedIn(answer), list(answer, 'Error')], [[], []])
      expectSame('those left', await left(bucket), ['b'])
    },
  ),
  deleting(
    'keys-as-they-are-written',
    'keys are taken as they are written: numbers, truth values, spaces and references are no more than text',
    ['DeleteObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const written = {
        '0123': '0123',
        '1e5': '1e5',
        true: 'true',
        '%20a%20': ' a ',
        '%26lt;': '&amp;lt;',
        '%C3%A9': '&#233;',
      }
      const twins = ['123', '83', '100000', 'a', '%3C']
      for (const key of [...Object.keys(written), ...twins]) await bucket.put(key, key)
      await remove(bucket, objectsOf(Object.values(written)))
      expectSame('those left', await left(bucket), ['100000', '123', '83', '<', 'a'])
    },
  ),
  deleting(
    'lists-that-cannot-be',
    'a list that is empty, too long, no XML or not what its Content-MD5 says is refused, and nothing is deleted',
    ['DeleteObjects'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('key-0', 'x')
      const malformed = refusal('MalformedXML', 400)
      const many = Array.from({ length: 1001 }, (_, index) => `key-${index}`)
      for (const objects of ['', objectsOf(many)]) await tools.refuses(remove(bucket, objects), malformed)
      await tools.refuses(remove(bucket, '', '<Delete><Object><Key>key-0</Key></Object>'), malformed)
      const body = `<Delete>${objectsOf(['key-0'])}</Delete>`
      const other = bucket.ask('POST', '?delete', { body, headers: { 'content-md5': contentMd5('other') } })
      await tools.refuses(other, refusal('BadDigest', 400))
      expectSame('those left', await left(bucket), ['key-0'])
    },
  ),
  deleting(
    'of-another-account',
    'another account deletes nothing, neither one by one nor by a list',
    ['DeleteObjects', 'DeleteObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const key of ['a', 'b']) await bucket.put(key, key)
      const denied = refusal('AccessDenied', 403)
      const expectDenied = async (attempt: ReturnType<typeof remove>) => {
        if (tools.target.fidelity === 'eucalyptus') return void (await tools.refuses(attempt, denied))
        const answer = await attempt
        // AWS answers the list, and denies each object of it.
        const told = contentOf(answer)
        const came = [texts(told, 'Error', 'Code'), deletedIn(told)]
        expectSame('the errors, and what was deleted', came, [['AccessDenied', 'AccessDenied'], []])
      }
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(others.ask('DELETE', 'a'), denied)
        await expectDenied(remove(others, objectsOf(['a', 'b'])))
      }
      expectSame('those left', await left(bucket), ['a', 'b'])
    },
    { needs: ['s3', 'two-accounts'] },
  ),
  deleting(
    'versions-by-a-list',
    'in a bucket with versions a list makes delete markers, and with their ids it removes versions and markers for good',
    ['DeleteObjects', 'ListObjectVersions'],
    async (tools) => {
      const bucket = await openVersionedBucket(tools)
      const { 'x-amz-version-id': version } = await bucket.put('a', 'content')
      const marked = contentOf(await remove(bucket, objectsOf(['a'])))
      expectSame('a marker is told', texts(marked, 'Deleted', 'DeleteMarker'), ['true'])
      const marker = text(marked, 'Deleted', 'DeleteMarkerVersionId')
      await tools.refuses(bucket.read('a'), refusal('NoSuchKey', 404))
      const named = (id = '') => `<Object><Key>a</Key><VersionId>${id}</VersionId></Object>`
      await remove(bucket, named(marker))
      expectSame('GET a, once its marker is removed', await bucket.read('a'), 'content')
      await remove(bucket, named(version))
      const rest = await bucket.document('?versions')
      expectSame('what is left', [list(rest, 'Version'), list(rest, 'DeleteMarker')], [[], []])
    },
    { needs: ['s3', 'versioning'] },
  ),
]
