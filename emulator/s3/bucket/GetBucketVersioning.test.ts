import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { s3, call } = servedS3(fidelity)

  it('says nothing until it is set, and only to the owner', async () => {
    await call('PUT /mine')
    const reply = await call('GET /mine?versioning')
    expect([reply.status, reply.xml().name, reply.xml().children]).toEqual([200, 'VersioningConfiguration', []])
    for (const versioning of ['Enabled', 'Suspended'] as const) {
      await s3().store.changeBucket('mine', () => ({ versioning }))
      expect((await call('GET /mine?versioning')).all('Status')).toEqual([versioning])
    }
    expect(await call('GET /mine?versioning', { as: 'bob' })).toMatchObject({ status: 403 })
    expect((await call('GET /none?versioning')).all('Code')).toEqual(['NoSuchBucket'])
  })
})
