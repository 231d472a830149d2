import { describe, expect, test } from 'vitest'
import type { Fidelity } from '../../src/protocol/faults.ts'
import type { InstanceRole } from './facts.ts'
import { plain, testService } from './service.harness.ts'

const credentials = {
  accessKeyId: 'AKIAAKEY',
  secretAccessKey: 'secret',
  securityToken: 'to+/ken=',
  expiresAt: new Date('2026-01-02T09:04:05.678Z'),
}
const good: InstanceRole = {
  profileArn: 'arn:aws:iam::000123456789:instance-profile/web',
  profileId: 'AIPAA',
  exists: true,
  lastUpdated: new Date('2026-01-02T03:04:05.678Z'),
  roleName: 'reader',
  credentials,
}
const roleless = { ...good, roleName: undefined, credentials: undefined }
const distrusted = { ...good, credentials: undefined }
const deleted = { ...roleless, exists: false }

const { ask } = testService()
const get = (fidelity: Fidelity, instanceRole: InstanceRole | undefined, path: string): string | number => {
  const { status, body } = ask(fidelity, { ...plain, instanceRole }, `/latest/meta-data/${path}`)
  return status === 200 ? body.toString() : status
}

const role = 'iam/security-credentials/reader'

describe('Eucalyptus', () => {
  test.each<[path: string, InstanceRole | undefined, expected: string | number]>([
    ['iam', undefined, 404],
    ['iam/info', deleted, 404],
    ['iam/', good, 'info/\nsecurity-credentials/'],
    ['iam/info/', roleless, 'instance-profile-arn\ninstance-profile-id\nlast-updated-date'],
    ['iam/info/instance-profile-arn', good, good.profileArn],
    ['iam/info/instance-profile-id', good, 'AIPAA'],
    ['iam/info/last-updated-date', good, '2026-01-02T03:04:05.678Z'],
    ['iam/security-credentials', roleless, 404],
    ['iam/security-credentials', distrusted, 404],
    ['iam/security-credentials', good, 'reader'],
    ['iam/security-credentials/', good, 'reader'],
    [`${role}/AccessKeyId`, good, 'AKIAAKEY'],
    [`${role}/SecretAccessKey`, good, 'secret'],
    [`${role}/Token`, good, 'to+/ken='],
    [`${role}/Expiration`, good, '2026-01-02T09:04:05.678Z'],
    ['iam/security-credentials/other', good, 404],
  ])('%s', (path, given, expected) => expect(get('eucalyptus', given, path)).toBe(expected))

  test('the credentials in one', () =>
    expect(JSON.parse(`${get('eucalyptus', good, role)}`)).toEqual({
      Code: 'Success',
      LastUpdated: '2026-01-02T03:04:05.678Z',
      Type: 'AWS-HMAC',
      AccessKeyId: 'AKIAAKEY',
      SecretAccessKey: 'secret',
      Token: 'to+/ken=',
      Expiration: '2026-01-02T09:04:05.678Z',
    }))
})

describe('AWS', () => {
  test.each<[path: string, InstanceRole | undefined, expected: string | number]>([
    ['iam', undefined, 404],
    ['iam/', good, 'info\nsecurity-credentials/'],
    ['iam/', roleless, 'info'],
    ['iam/security-credentials/', good, 'reader'],
    ['iam/security-credentials/', roleless, 404],
    [`${role}/AccessKeyId`, good, 404],
  ])('%s', (path, given, expected) => expect(get('aws', given, path)).toBe(expected))

  test.each<[string, InstanceRole, string, object]>([
    [
      'the profile',
      good,
      'iam/info',
      {
        Code: 'Success',
        LastUpdated: '2026-01-02T03:04:05Z',
        InstanceProfileArn: good.profileArn,
        InstanceProfileId: 'AIPAA',
      },
    ],
    [
      'a profile that was deleted',
      deleted,
      'iam/info',
      {
        Code: 'InstanceProfileNotFound',
        Message: `Instance Profile ${good.profileArn} cannot be found.`,
        LastUpdated: '2026-01-02T03:04:05Z',
      },
    ],
    [
      'a role that does not trust EC2',
      distrusted,
      role,
      {
        Code: 'AssumeRoleUnauthorizedAccess',
        Message: 'EC2 cannot assume the role reader.',
        LastUpdated: '2026-01-02T03:04:05Z',
      },
    ],
    [
      'the credentials',
      good,
      role,
      {
        Code: 'Success',
        LastUpdated: '2026-01-02T03:04:05Z',
        Type: 'AWS-HMAC',
        AccessKeyId: 'AKIAAKEY',
        SecretAccessKey: 'secret',
        Token: 'to+/ken=',
        Expiration: '2026-01-02T09:04:05Z',
      },
    ],
  ])('%s', (_what, given, path, expected) => expect(JSON.parse(`${get('aws', given, path)}`)).toEqual(expected))
})
