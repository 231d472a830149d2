import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('says what was set', async () => {
  await call('PUT /mine', { headers: { 'x-amz-acl': 'public-read' } })
  expect((await call('GET /mine?cors')).all('Code')).toEqual(['NoSuchCORSConfiguration'])
  const rules =
    '<CORSRule><ID>one &amp; only</ID><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>' +
    '<AllowedOrigin>http://a</AllowedOrigin><AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>' +
    '<MaxAgeSeconds>0</MaxAgeSeconds></CORSRule>' +
    '<CORSRule><AllowedMethod>HEAD</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>'
  await call('PUT /mine?cors', { body: `<CORSConfiguration>${rules}</CORSConfiguration>` })
  const reply = await call('GET /mine?cors')
  expect(reply.status).toBe(200)
  expect(reply.text).toContain(`<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules}<`)
  expect(await call('GET /mine?cors', { as: 'bob' })).toMatchObject({ status: 403 })
})
