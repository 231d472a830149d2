import { beforeAll, describe, expect, it } from 'vitest'
import { accounts, type Person, servedS3 } from './service.test.support.ts'

const { call } = servedS3('aws')
const [alice = '', bob = ''] = accounts.map(({ canonicalId }) => canonicalId)
const groups = 'http://acs.amazonaws.com/groups/global'
const permissions = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'] as const
type Permission = (typeof permissions)[number]

/** Each kind of grantee: as XML and header name it, and who of them is meant. */
const grantees: Record<string, { xml: string; header: string; is: Person[] }> = {
  'a canonical id': { xml: `<ID>${bob}</ID>`, header: `id="${bob}"`, is: ['bob'] },
  'an address': {
    xml: '<EmailAddress>bob@example.com</EmailAddress>',
    header: 'emailAddress="bob@example.com"',
    is: ['bob'],
  },
  everybody: { xml: `<URI>${groups}/AllUsers</URI>`, header: `uri="${groups}/AllUsers"`, is: ['bob', 'anonymous'] },
  'everybody with a name': {
    xml: `<URI>${groups}/AuthenticatedUsers</URI>`,
    header: `uri="${groups}/AuthenticatedUsers"`,
    is: ['bob'],
  },
}

const grant = (grantee: string, permission: string) =>
  `<Grant><Grantee>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`
const document = (...grants: string[]) =>
  `<AccessControlPolicy><Owner><ID>${alice}</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList></AccessControlPolicy>`
const headerOf = (permission: Permission) => `x-amz-grant-${permission.toLowerCase().replace('_', '-')}`

/** What each permission opens. */
const onBucket: readonly (readonly [line: string, needs: Permission])[] = [
  ['GET /mine', 'READ'],
  ['HEAD /mine', 'READ'],
  ['GET /mine?versions', 'READ'],
  ['GET /mine?uploads', 'READ'],
  ['PUT /mine/put', 'WRITE'],
  ['POST /mine/put?uploads', 'WRITE'],
  ['DELETE /mine/none', 'WRITE'],
  ['GET /mine?acl', 'READ_ACP'],
]
const onObject: readonly (readonly [line: string, needs: Permission])[] = [
  ['GET /mine/key', 'READ'],
  ['HEAD /mine/key', 'READ'],
  ['GET /mine/key?acl', 'READ_ACP'],
]

beforeAll(async () => {
  await call('PUT /mine')
  await call('PUT /mine/key', { body: 'x' })
})

describe.each(Object.entries(grantees))('granted to %s', (_name, { xml, header, is }) => {
  it.each(permissions)('%s opens what it should and nothing else', async (permission) => {
    for (const [place, lines] of [
      ['mine', onBucket],
      ['mine/key', onObject],
    ] as const) {
      for (const asked of [
        { body: document(grant(xml, permission)) },
        { headers: { [headerOf(permission)]: header } },
      ]) {
        expect(await call(`PUT /${place}?acl`, asked)).toMatchObject({ status: 200 })
        for (const [line, needs] of lines) {
          for (const as of ['bob', 'anonymous'] as const) {
            // An upload is somebody's: CreateMultipartUpload.ts.
            const isSomebody = as !== 'anonymous' || !line.startsWith('POST /mine/put?uploads')
            const may = isSomebody && is.includes(as) && (permission === needs || permission === 'FULL_CONTROL')
            const { status } = await call(line, { as })
            expect([line, as, status === 403 ? 'denied' : status < 300]).toEqual([line, as, may ? true : 'denied'])
          }
        }
      }
      await call(`PUT /${place}?acl`, { headers: { 'x-amz-acl': 'private' } })
    }
  })

  it('WRITE_ACP lets them change the ACL, and so themselves in', async () => {
    await call('PUT /mine/key?acl', { body: document(grant(xml, 'WRITE_ACP')) })
    for (const as of is) {
      expect(await call('GET /mine/key', { as })).toMatchObject({ status: 403 })
      const body = document(grant(`<ID>${bob}</ID>`, 'READ'), grant(xml, 'WRITE_ACP'))
      expect(await call('PUT /mine/key?acl', { as, body })).toMatchObject({ status: 200 })
    }
    expect(await call('GET /mine/key', { as: 'bob' })).toMatchObject({ status: 200 })
  })
})

describe('what somebody puts into the bucket of another', () => {
  beforeAll(() => call('PUT /mine?acl', { headers: { 'x-amz-acl': 'public-read-write' } }))

  it('is theirs', async () => {
    await call('PUT /mine/bobs', { as: 'bob', body: 'x' })
    expect((await call('GET /mine/bobs?acl', { as: 'bob' })).all('ID')).toEqual([bob, bob])
    for (const line of ['GET /mine/bobs', 'GET /mine/bobs?acl']) expect(await call(line)).toMatchObject({ status: 403 })
    expect(await call('DELETE /mine/bobs')).toMatchObject({ status: 204 })
  })

  it.each([
    ['bucket-owner-read', 200, 403],
    ['bucket-owner-full-control', 200, 200],
  ])('by %s is its owner’s too', async (acl, reads, readsAcl) => {
    await call('PUT /mine/bobs', { as: 'bob', body: 'x', headers: { 'x-amz-acl': acl } })
    expect(await call('GET /mine/bobs')).toMatchObject({ status: reads })
    expect(await call('GET /mine/bobs?acl')).toMatchObject({ status: readsAcl })
  })

  it('can be copied and copied in parts only by who may read it', async () => {
    await call('PUT /mine/bobs', { as: 'bob', body: 'x' })
    const headers = { 'x-amz-copy-source': '/mine/bobs' }
    const [uploadId] = (await call('POST /mine/part?uploads')).all('UploadId')
    expect(await call('PUT /mine/copy', { headers })).toMatchObject({ status: 403 })
    expect(await call(`PUT /mine/part?partNumber=1&uploadId=${uploadId}`, { headers })).toMatchObject({ status: 403 })
    expect(await call('PUT /mine/copy', { as: 'bob', headers })).toMatchObject({ status: 200 })
  })
})

it('an address that is nobody’s is refused', async () => {
  for (const address of ['eve@example.com', 'bob@example.org', 'bob']) {
    const headers = { 'x-amz-grant-read': `emailAddress="${address}"` }
    expect((await call('PUT /mine?acl', { headers })).all('Code')).toEqual(['UnresolvableGrantByEmailAddress'])
  }
})

it('groups are told first', async () => {
  const body = document(grant(`<ID>${bob}</ID>`, 'READ'), grant(`<URI>${groups}/AllUsers</URI>`, 'WRITE'))
  await call('PUT /mine?acl', { body })
  expect((await call('GET /mine?acl')).all('Permission')).toEqual(['WRITE', 'READ'])
})
