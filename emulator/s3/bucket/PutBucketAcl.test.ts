import { expect, it } from 'vitest'
import { accounts, servedS3 } from '../service.test.support.ts'

const { call } = servedS3()
const [alice, bob] = accounts.map(({ canonicalId }) => canonicalId)
const policy = (owner: string | undefined, grantee: string) =>
  `<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>${owner}</ID></Owner><AccessControlList>` +
  `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${grantee}</Grantee>` +
  '<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>'

it('takes a document, and the owner keeps the ACL itself', async () => {
  await call('PUT /mine')
  expect(await call('PUT /mine?acl', { body: policy(alice, `<ID>${bob}</ID>`) })).toMatchObject({
    status: 200,
    text: '',
  })
  expect(await call('GET /mine', { as: 'bob' })).toMatchObject({ status: 200 })
  expect(await call('GET /mine')).toMatchObject({ status: 403 })
  expect(await call('PUT /mine?acl', { headers: { 'x-amz-acl': 'private' } })).toMatchObject({ status: 200 })
  expect(await call('GET /mine', { as: 'bob' })).toMatchObject({ status: 403 })
})

it('takes grants in headers', async () => {
  await call('PUT /granted')
  const headers = {
    'x-amz-grant-read': `id="${bob}", uri="http://acs.amazonaws.com/groups/s3/LogDelivery"`,
    'x-amz-grant-full-control': `id=${alice}`,
  }
  expect(await call('PUT /granted?acl', { headers })).toMatchObject({ status: 200 })
  expect((await call('GET /granted?acl')).all('Permission')).toEqual(['READ', 'READ', 'FULL_CONTROL'])
})

it.each([
  ['no ACL at all', {}, 'MalformedACLError'],
  ['no document', { body: 'x' }, 'MalformedACLError'],
  ['another document', { body: '<Delete/>' }, 'MalformedACLError'],
  ['an unknown account', { body: policy(alice, '<ID>none</ID>') }, 'InvalidArgument'],
  ['an unknown group', { body: policy(alice, '<URI>urn:x</URI>') }, 'InvalidArgument'],
  ['an address', { body: policy(alice, '<EmailAddress>a@b</EmailAddress>') }, 'UnresolvableGrantByEmailAddress'],
  ['another owner', { body: policy(bob, `<ID>${bob}</ID>`) }, 'AccessDenied'],
  ['two ways at once', { headers: { 'x-amz-acl': 'private', 'x-amz-grant-read': `id=${bob}` } }, 'InvalidRequest'],
  ['an odd grant', { headers: { 'x-amz-grant-read': 'bob' } }, 'InvalidArgument'],
  [
    'an address in a header',
    { headers: { 'x-amz-grant-read': 'emailAddress="a@b"' } },
    'UnresolvableGrantByEmailAddress',
  ],
])('refuses %s', async (_, asked, code) => {
  await call('PUT /refusing')
  expect((await call('PUT /refusing?acl', asked)).all('Code')).toEqual([code])
})
