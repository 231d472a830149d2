import { describe, expect, test } from 'vitest'
import { createSessions } from './sessions.ts'

const session = { accountId: '000123456789', roleId: 'AROAAONE', name: 'i-0000000a' }
const from = new Date('2026-01-01T00:00:00Z')
const sessions = createSessions('a secret of the cloud', 'eucalyptus')
const issued = sessions.issue(session, from, 3600, 'first')

describe('credentials of a session', () => {
  test.each([
    ['eucalyptus', /^AKIAA[A-Z2-7]{15}$/],
    ['aws', /^ASIAA[A-Z2-7]{15}$/],
  ] as const)('have the form of %s', (fidelity, form) => {
    const made = createSessions('x', fidelity).issue(session, from, 900, '')
    expect(made.accessKeyId).toMatch(form)
    expect(made.secretAccessKey).toMatch(/^[0-9a-f]{40}$/)
    expect(made.securityToken).toMatch(/^ZXVjYQAB[\w+/=]+$/)
    expect([made.issuedAt, made.expiresAt]).toEqual([from, new Date('2026-01-01T00:15:00Z')])
  })

  test('are found again by their key and token, by the next emulator on the same data too', () => {
    const after = createSessions('a secret of the cloud', 'eucalyptus')
    for (const one of [sessions, after]) {
      expect(one.open(issued.accessKeyId, issued.securityToken)).toEqual({
        ...session,
        secret: issued.secretAccessKey,
        expiresAt: new Date('2026-01-01T01:00:00Z'),
      })
    }
  })

  test('are the same for the same session and time, and others for any other', () => {
    expect(sessions.issue(session, from, 3600, 'first')).toEqual(issued)
    const others = [
      sessions.issue(session, from, 3600, 'second'),
      sessions.issue(session, from, 3601, 'first'),
      sessions.issue(session, new Date('2026-01-01T00:00:01Z'), 3600, 'first'),
      sessions.issue({ ...session, roleId: 'AROAATWO' }, from, 3600, 'first'),
      createSessions('another cloud', 'eucalyptus').issue(session, from, 3600, 'first'),
    ]
    const all = [issued, ...others]
    for (const field of ['accessKeyId', 'secretAccessKey', 'securityToken'] as const) {
      expect(new Set(all.map((one) => one[field])).size).toBe(all.length)
    }
  })
})

describe('a token is none', () => {
  const { accessKeyId, securityToken } = issued
  const changed = Buffer.from(securityToken, 'base64')
  changed[changed.length - 10] = 0
  test.each([
    ['when it is empty', ''],
    ['when it is cut', securityToken.slice(0, -8)],
    ['when it is too short', 'ZXVjYQAB'],
    ['when it is no base64', `${securityToken}!`],
    ['when its end was changed', changed.toString('base64')],
  ])('%s', (_what, text) => expect(sessions.open(accessKeyId, text)).toBeUndefined())

  test('of another key', () => expect(sessions.open(`${accessKeyId.slice(0, -1)}1`, securityToken)).toBeUndefined())

  test('of another cloud', () =>
    expect(createSessions('another', 'eucalyptus').open(accessKeyId, securityToken)).toBeUndefined())
})
