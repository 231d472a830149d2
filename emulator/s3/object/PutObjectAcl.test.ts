import { expect, it } from 'vitest'
import { accounts, servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const [alice, bob] = accounts.map(({ canonicalId }) => canonicalId)
const policy = (owner: string | undefined, grantee: string) =>
  `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>${owner}</ID></Owner><AccessControlList>` +
  `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${grantee}</Grantee>` +
  '<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>'

it('takes a canned ACL, which decides who reads', async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
  for (const [acl, person, status] of [
    ['private', 'exec-read', 403],
    ['aws-exec-read', 'exec-read', 200],
    ['ec2-bundle-read', 'exec-read', 200],
    ['aws-exec-read', 'bob', 403],
    ['authenticated-read', 'bob', 200],
    ['authenticated-read', 'anonymous', 403],
    ['public-read', 'anonymous', 200],
  ] as const) {
    expect(await call('PUT /mine/key?acl', { headers: { 'x-amz-acl': acl } })).toMatchObject({ status: 200 })
    expect([acl, person, (await call('GET /mine/key', { as: person })).status]).toEqual([acl, person, status])
  }
})

it('takes a document', async () => {
  await call('PUT /mine')
  await call('PUT /mine/other', { body: 'x' })
  await call('PUT /mine/other?acl', { body: policy(alice, `<ID>${bob}</ID>`) })
  expect(await call('GET /mine/other', { as: 'bob' })).toMatchObject({ status: 200 })
  expect(await call('PUT /mine/other?acl', { as: 'bob', headers: { 'x-amz-acl': 'private' } })).toMatchObject({
    status: 403,
  })
  expect((await call('PUT /mine/none?acl', { headers: { 'x-amz-acl': 'private' } })).all('Code')).toEqual(['NoSuchKey'])
})
