import { expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const { call } = servedS3()

it('is empty when none was sent, for its owner', async () => {
  await call('PUT /mine')
  // clients.md, quirk 12: with an empty value and a slash after the bucket.
  for (const path of ['/mine?location', '/mine/?location=']) {
    const reply = await call(`GET ${path}`)
    expect(reply.text).toContain(
      '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>',
    )
  }
  expect(await call('GET /mine?location', { as: 'bob' })).toMatchObject({ status: 403 })
})
