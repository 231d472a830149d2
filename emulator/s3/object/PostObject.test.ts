import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, it, test } from 'vitest'
import { signPolicyV2 } from '../../../src/protocol/signature/verify-policy.ts'
import { base64, bundlePart, type Fields, form, presigned, signed, told, usual } from '../post-form.test.support.ts'
import { servedS3 } from '../service.test.support.ts'

const clouds = { eucalyptus: servedS3(), aws: servedS3('aws') }
const { call } = clouds.eucalyptus

async function post(fields: Fields, file: string | Buffer | undefined = 'hello', cloud = clouds.eucalyptus) {
  await cloud.call('PUT /mine')
  return cloud.call('POST /mine', { as: 'anonymous', ...form(fields, file) })
}

describe('a signed form stores its file', () => {
  test('with version 2, as euca2ools and a bundling node send it', async () => {
    const reply = await post(signed(usual, bundlePart))
    expect(reply).toMatchObject({ status: 204, headers: { etag: '"5d41402abc4b2a76b9719d911017c592"' } })
    expect((await call('GET /mine/prefix.part.00')).text).toBe('hello')
    expect(await call('GET /mine/prefix.part.00', { as: 'exec-read' })).toMatchObject({ status: 200, text: 'hello' })
    expect(await call('GET /mine/prefix.part.00', { as: 'bob' })).toMatchObject({ status: 403 })
  })

  test('with version 4, as boto3 sends it', async () => {
    const fields = presigned([{ bucket: 'mine' }, ['content-length-range', 1, 10]], { key: 'v4' })
    expect(told(await post(fields))).toBe('204')
    expect((await call('GET /mine/v4')).text).toBe('hello')
  })

  test.each([0, 1, 65_536, 3_000_000])('of %i bytes, whatever is in them', async (size) => {
    const file = Buffer.alloc(size, '\r\n--xY\r\n--x\r\r\n-')
    expect(told(await post(signed(usual, bundlePart), file))).toBe('204')
    expect((await call('GET /mine/prefix.part.00')).bytes.equals(file)).toBe(true)
  })

  test('with headers and metadata that the policy speaks of', async () => {
    const fields = { ...bundlePart, 'Content-Type': 'text/plain', 'x-amz-meta-colour': 'grün', 'x-ignore-me': '1' }
    expect(told(await post(signed([...usual, ['eq', '$x-amz-meta-colour', 'grün']], fields)))).toBe('204')
    const { headers } = await call('GET /mine/prefix.part.00')
    const colour = Buffer.from('grün').toString('latin1')
    expect(headers).toMatchObject({ 'content-type': 'text/plain', 'x-amz-meta-colour': colour })
  })

  test('with names in any case, and the escape for a dollar', async () => {
    const conditions = `{"expiration": "2026-01-02T00:00:00Z", "conditions": [{"bUcKeT": "mine"}, ["StArTs-WiTh", "$KeY", "\\$a"]]}`
    const pOLICy = base64(conditions)
    const signature = signPolicyV2(pOLICy, { secretAccessKey: 'secret-of-alice' })
    expect(told(await post({ kEy: '$a', awsaccesskeyid: 'key-of-alice', pOLICy, signature }))).toBe('204')
  })

  test('under the name that the file has where the key asks for that', async () => {
    const fields = signed([{ bucket: 'mine' }, ['starts-with', '$key', 'prefix/a']], { key: `prefix/$\{filename}` })
    await clouds.eucalyptus.call('PUT /mine')
    const windows = form(fields, 'x', String.raw`file"; filename="C:\folder\a$&.txt`)
    expect(told(await call('POST /mine', windows))).toBe('204')
    expect((await call('GET /mine/prefix/a%24%26.txt')).text).toBe('x')
  })

  test('in a bucket that the key of the policy may write, of whoever asks', async () => {
    await call('PUT /bobs', { as: 'bob' })
    const fields = signed([{ bucket: 'bobs' }, { key: 'k' }], { key: 'k' })
    expect(told(await call('POST /bobs', form(fields, 'x')))).toBe('403 AccessDenied')
    const own = signed([{ bucket: 'bobs' }, { key: 'k' }], { key: 'k' }, {}, 'bob')
    expect(told(await call('POST /bobs', { as: 'anonymous', ...form(own, 'x') }))).toBe('204')
  })
})

test('a session is held to the policies of its role', async () => {
  const token = { 'x-amz-security-token': 'putting' }
  const fields = (more: Fields) =>
    signed([{ bucket: 'mine' }, ...Object.entries({ ...token, ...more }).map(([name, value]) => ({ [name]: value }))], {
      ...token,
      ...more,
    })
  expect(told(await post(fields({ key: 'k' })))).toBe('204')
  expect(told(await post(fields({ key: 'k', acl: 'public-read' })))).toBe('403 AccessDenied')
})

test('tags come as a document, in AWS', async () => {
  const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
  const { aws } = clouds
  await aws.call('PUT /mine')
  const asked = { ...form({ key: 'tagged', tagging }, 'x') }
  expect(told(await aws.call('POST /mine', asked))).toBe('204')
  expect((await aws.call('GET /mine/tagged?tagging')).all('Key')).toEqual(['a'])
  expect(told(await aws.call('POST /mine', form({ key: 'k', tagging: '<Tagging/>' }, 'x')))).toBe('400 MalformedXML')
})

test('without a policy the ACL of the bucket decides', async () => {
  await call('PUT /open', { headers: { 'x-amz-acl': 'public-read-write' } })
  const asked = form({ key: 'k', acl: 'public-read' }, 'x')
  expect(told(await call('POST /open', { as: 'anonymous', ...asked }))).toBe('204')
  expect(await call('GET /open/k', { as: 'anonymous' })).toMatchObject({ text: 'x' })
  await call('PUT /closed')
  expect(told(await call('POST /closed', { as: 'anonymous', ...asked }))).toBe('403 AccessDenied')
})

describe('the answer', () => {
  const to = async (fields: Fields) => {
    await call('PUT /mine')
    return call('POST /mine', form({ key: 'a b/c', ...fields }, 'x'))
  }

  test.each([
    ['200', 200],
    ['204', 204],
    ['404', 204],
    ['', 204],
  ])('to success_action_status %j is %i', async (status, expected) => {
    expect(await to({ success_action_status: status })).toMatchObject({ status: expected, text: '' })
  })

  it('is a document for 201', async () => {
    const reply = await to({ success_action_status: '201' })
    expect(reply.status).toBe(201)
    expect([reply.all('Bucket'), reply.all('Key'), reply.all('ETag')]).toEqual([
      ['mine'],
      ['a b/c'],
      ['"9dd4e461268c8034f5c8564e155c67a6"'],
    ])
    expect(reply.all('Location')).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/mine\/a%20b\/c$/)])
  })

  test.each([
    ['http://web/done', 'http://web/done?', ''],
    ['http://web/done?a=1', 'http://web/done?a=1&', ''],
    ['http://web/done#there', 'http://web/done?', '#there'],
  ])('sends the client to %s', async (success_action_redirect, begins, ends) => {
    const { status, headers } = await to({ success_action_redirect })
    const location = `${begins}bucket=mine&key=a%20b%2Fc&etag=%229dd4e461268c8034f5c8564e155c67a6%22${ends}`
    expect({ status, location: headers.location }).toEqual({ status: 303, location })
  })

  test.each(['javascript:alert(1)', 'no address', 'http://web/\r\nx: y'])(
    'does not send it to %j',
    async (redirect) => {
      const { status, headers } = await to({ redirect })
      expect([status === 303 ? headers.location : 'stays', headers['x']]).toEqual([
        expect.stringMatching(/^(stays|http:\/\/web\/x:%20y\?bucket.*)$/),
        undefined,
      ])
    },
  )
})

describe('a body', () => {
  const { body, headers } = form({ key: 'k' }, 'hello')
  const type = (value: string) => ({ 'content-type': value })
  const more = Buffer.concat([body.subarray(0, -4), form({ submit: 'Send' }, undefined).body.subarray(3)])
  test.each([
    ['that is no form', type('text/plain'), body, '400 MalformedPOSTRequest', '412 PreconditionFailed'],
    ['without a boundary', type('multipart/form-data'), body, '400 MalformedPOSTRequest', '='],
    ['with another boundary', type('multipart/form-data; boundary=other'), body, '400 MalformedPOSTRequest', '='],
    [
      'with an endless boundary',
      type(`multipart/form-data; boundary=${'b'.repeat(201)}`),
      body,
      '400 MalformedPOSTRequest',
      '=',
    ],
    ['without a file', headers, form({ key: 'k' }, undefined).body, '400 MalformedPOSTRequest', '400 InvalidArgument'],
    ['that is empty', headers, Buffer.alloc(0), '400 MalformedPOSTRequest', '='],
    ['that ends in its file', headers, body.subarray(0, -12), '400 MalformedPOSTRequest', '='],
    ['that ends in its last boundary', headers, body.subarray(0, -5), '400 MalformedPOSTRequest', '='],
    [
      'with a part without a name',
      headers,
      Buffer.from(body.toString().replace('name="key"', 'x=y')),
      '400 MalformedPOSTRequest',
      '=',
    ],
    [
      'with endless part headers',
      headers,
      Buffer.concat([Buffer.from('--xYz\r\n'), Buffer.alloc(1e6, 'a')]),
      '400 MalformedPOSTRequest',
      '400 MaxPostPreDataLengthExceededError',
    ],
    ['with fields behind its file', headers, more, '400 MalformedPOSTRequest', '204'],
  ])('%s leaves nothing', async (_, sent, bytes, eucalyptus, aws) => {
    for (const [cloud, expected] of [
      [clouds.eucalyptus, eucalyptus],
      [clouds.aws, aws === '=' ? eucalyptus : aws],
    ] as const) {
      await cloud.call('PUT /bodies')
      await cloud.call('DELETE /bodies/k')
      expect(told(await cloud.call('POST /bodies', { headers: sent, body: bytes }))).toBe(expected)
      expect((await cloud.call('GET /bodies/k')).status).toBe(expected === '204' ? 200 : 404)
    }
  })

  test('with a preamble, quoted boundary and an epilogue is read', async () => {
    await call('PUT /bodies')
    const whole = Buffer.concat([Buffer.from('hello\r\n'), body, Buffer.from('and goodbye')])
    const reply = await call('POST /bodies', {
      headers: type('multipart/form-data; charset=x; boundary="xYz"'),
      body: whole,
    })
    expect(told(reply)).toBe('204')
  })
})

test('a refused upload does not hold up the next request of its connection', async () => {
  await call('PUT /mine')
  const { body, headers } = form(signed([...usual, ['content-length-range', 0, 4]], bundlePart), Buffer.alloc(4e6))
  const port = Number(
    /:(\d+)\//.exec((await call('POST /mine', form({ key: 'k', success_action_status: '201' }, 'x'))).text)?.[1],
  )
  const socket = connect(port, '127.0.0.1')
  const first = `POST /mine HTTP/1.1\r\nhost: x\r\nx-person: alice\r\ncontent-type: ${headers['content-type']}\r\ncontent-length: ${body.length}\r\n\r\n`
  socket.write(first)
  socket.write(body)
  socket.write('HEAD /mine HTTP/1.1\r\nhost: x\r\nx-person: alice\r\nconnection: close\r\n\r\n')
  expect([...(await textOf(socket)).matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toEqual(['400', '200'])
})
