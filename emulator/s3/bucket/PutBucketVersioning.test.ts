import { describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const document = (content: string) =>
  `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</VersioningConfiguration>`

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { call } = servedS3(fidelity)

  it('enables and suspends, for the owner alone', async () => {
    await call('PUT /mine')
    for (const status of ['Suspended', 'Enabled', 'Enabled', 'Suspended']) {
      const body = document(`<Status>${status}</Status><MfaDelete>Disabled</MfaDelete>`)
      expect(await call('PUT /mine?versioning', { body })).toMatchObject({ status: 200, text: '' })
      expect((await call('GET /mine?versioning')).all('Status')).toEqual([status])
    }
    const body = document('<Status>Enabled</Status>')
    expect(await call('PUT /mine?versioning', { as: 'bob', body })).toMatchObject({ status: 403 })
    expect((await call('GET /mine?versioning')).all('Status')).toEqual(['Suspended'])
  })

  const illegal = 'IllegalVersioningConfigurationException'
  it.each([
    ['no status', document(''), illegal, illegal],
    ['versioning never was', document('<Status>Disabled</Status>'), illegal, 'MalformedXML'],
    ['another status', document('<Status>enabled</Status>'), illegal, 'MalformedXML'],
    ['a device', document('<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>'), undefined, 'AccessDenied'],
    ['no state of a device', document('<Status>Enabled</Status><MfaDelete>x</MfaDelete>'), undefined, 'MalformedXML'],
    ['another element', document('<Status>Enabled</Status><More/>'), 'MalformedXML', 'MalformedXML'],
    ['another document', '<Tagging/>', 'MalformedXML', 'MalformedXML'],
    ['no document', '', 'MalformedXML', 'MalformedXML'],
  ])('%s', async (_, body, eucalyptus, aws) => {
    await call('PUT /refused')
    const reply = await call('PUT /refused?versioning', { body })
    const code = reply.status === 200 ? undefined : reply.all('Code')[0]
    expect(code).toBe(fidelity === 'aws' ? aws : eucalyptus)
    expect((await call('GET /refused?versioning')).all('Status')).toEqual(code ? [] : ['Enabled'])
    await call('DELETE /refused')
  })
})
