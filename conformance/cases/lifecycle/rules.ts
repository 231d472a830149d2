import { list, text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { type Bucket, expectHeaders, expectSame, openBucket, settled, texts } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'

const lifecycle = area('lifecycle', {
  needs: ['s3', 'lifecycle'],
  source: 'eucalyptus-behaviour.md sections 1.6 and 10.1; S3 API Reference, PutBucketLifecycleConfiguration',
})

const expires = (days: number) => `<Expiration><Days>${days}</Days></Expiration>`

/** A rule by its id, prefix and what else it says. */
const rule = (id: string, prefix: string, action: string, status = 'Enabled') =>
  `<Rule><ID>${id}</ID><Filter><Prefix>${prefix}</Prefix></Filter><Status>${status}</Status>${action}</Rule>`

const put = (bucket: Bucket, ...rules: readonly string[]) =>
  bucket.ask('PUT', '?lifecycle', { body: `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>` })

export default [
  lifecycle(
    'come-back',
    'the rules of a bucket come back as they were put, replace those before, and are gone once they are deleted',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration', 'DeleteBucketLifecycle'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const absent = refusal('NoSuchLifecycleConfiguration', 404)
      await tools.refuses(bucket.ask('GET', '?lifecycle'), absent)
      await put(bucket, rule('old', 'old/', expires(1)))
      await put(bucket, rule('logs', 'logs/', expires(30)), rule('off', 'tmp/', expires(2), 'Disabled'))
      await settled(tools, async () => {
        const told = list(await bucket.document('?lifecycle'), 'Rule').map((one) => [
          ...[text(one, 'ID'), text(one, 'Filter', 'Prefix'), text(one, 'Status'), text(one, 'Expiration', 'Days')],
        ])
        expectSame('the rules', told.sort(), [
          ['logs', 'logs/', 'Enabled', '30'],
          ['off', 'tmp/', 'Disabled', '2'],
        ])
      })
      expectSame('DELETE ?lifecycle', (await bucket.ask('DELETE', '?lifecycle')).status, 204)
      await settled(tools, () => tools.refuses(bucket.ask('GET', '?lifecycle'), absent))
    },
  ),
  lifecycle(
    'in-the-older-form',
    'a rule may have its prefix of its own, as before there were filters, and comes back with it',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const date = '<Expiration><Date>2099-01-01T00:00:00.000Z</Date></Expiration>'
      await put(bucket, `<Rule><ID>one</ID><Prefix>logs/</Prefix><Status>Enabled</Status>${date}</Rule>`)
      await settled(tools, async () => {
        const document = await bucket.document('?lifecycle')
        expectSame('the prefix', texts(document, 'Rule', 'Prefix'), ['logs/'])
        const told = Date.parse(text(document, 'Rule', 'Expiration', 'Date') ?? '')
        expectSame('the date', told, Date.UTC(2099, 0, 1))
      })
    },
  ),
  lifecycle(
    'rules-that-cannot-be',
    'rules without an action, of no state, of no days, of one id twice, or none at all are refused; those before stay',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule('kept', 'a/', expires(1)))
      const [malformed, invalid] = [refusal('MalformedXML', 400), refusal('InvalidArgument', 400)]
      await tools.refuses(put(bucket), malformed)
      await tools.refuses(put(bucket, rule('one', 'a/', expires(1), 'On')), malformed)
      await tools.refuses(put(bucket, rule('one', 'a/', '')), refusal('InvalidRequest', 400))
      await tools.refuses(put(bucket, rule('one', 'a/', expires(0))), invalid)
      await tools.refuses(put(bucket, rule('one', 'a/', expires(1)), rule('one', 'b/', expires(1))), invalid)
      await tools.refuses(put(bucket, rule('i'.repeat(256), 'a/', expires(1))), invalid)
      const noon = '<Expiration><Date>2099-01-01T12:00:00.000Z</Date></Expiration>'
      await tools.refuses(put(bucket, rule('one', 'a/', noon)), invalid)
      await settled(tools, async () =>
        expectSame('the rules', texts(await bucket.document('?lifecycle'), 'Rule', 'ID'), ['kept']),
      )
    },
  ),
  lifecycle(
    'expiry-is-told',
    'AWS tells with an object which enabled rule ends it and when, by its prefix; Eucalyptus does not',
    ['PutBucketLifecycleConfiguration', 'PutObject', 'HeadObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule('logs', 'logs/', expires(10)), rule('off', 'other/', expires(1), 'Disabled'))
      for (const key of ['logs/object', 'log', 'other/object']) await bucket.put(key, 'content')
      const { headers } = await bucket.ask('GET', 'logs/object')
      expectSame('GET logs/object', headers['content-length'], '7')
      await settled(tools, async () => {
        const expiration = (await bucket.ask('HEAD', 'logs/object')).headers['x-amz-expiration']
        const [, date, id] = /^expiry-date="([^"]+)", rule-id="([^"]+)"$/.exec(expiration ?? '') ?? []
        const days = date === undefined ? undefined : (Date.parse(date) - Date.now()) / 86_400_000
        const came = [id, days === undefined ? undefined : days > 9 && days < 12]
        const expected = tools.of<unknown[]>({ eucalyptus: [undefined, undefined], aws: ['logs', true] })
        expectSame('x-amz-expiration', came, expected)
      })
      const told = (await bucket.ask('GET', 'logs/object')).headers['x-amz-expiration'] !== undefined
      expectSame('whether GET tells it as well', told, tools.target.fidelity === 'aws')
      for (const key of ['log', 'other/object']) {
        expectHeaders(`HEAD ${key}`, await bucket.ask('HEAD', key), { 'x-amz-expiration': undefined })
      }
    },
    { source: 'S3 API Reference, HeadObject (x-amz-expiration); S3 User Guide, Lifecycle configuration elements' },
  ),
  lifecycle(
    'is-its-owners',
    'another account can neither see, set nor delete the rules of a bucket',
    ['PutBucketLifecycleConfiguration', 'GetBucketLifecycleConfiguration', 'DeleteBucketLifecycle'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await put(bucket, rule('kept', 'a/', expires(1)))
      const denied = refusal('AccessDenied', 403)
      for (const others of [bucket.as(tools.user), bucket.anonymous]) {
        await tools.refuses(put(others, rule('theirs', '', expires(1))), denied)
        await tools.refuses(others.ask('GET', '?lifecycle'), denied)
        await tools.refuses(others.ask('DELETE', '?lifecycle'), denied)
      }
      expectSame('the rules', texts(await bucket.document('?lifecycle'), 'Rule', 'ID'), ['kept'])
    },
    { needs: ['s3', 'lifecycle', 'two-accounts'] },
  ),
]
