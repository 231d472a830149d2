import { describe, expect, it } from 'vitest'
import { allowed, cannedAcl, groups, type Owner, owns, permissions, privateAcl, type Requester } from './acl.ts'

const ownerOf = (digit: string): Owner => ({ accountId: digit.repeat(12), canonicalId: digit.repeat(64) })
const [alice, bob, carol] = [ownerOf('1'), ownerOf('2'), ownerOf('3')]
const as = (owner: Owner, administrator = false): Requester => ({ kind: 'account', ...owner, administrator })
const anonymous: Requester = { kind: 'anonymous' }
const execRead: Requester = { kind: 'exec-read' }

/** What each canned ACL lets others do with alice's object in bob's bucket. */
const table: [name: string, others: Record<'bob' | 'carol' | 'anonymous' | 'execRead', string>][] = [
  ['private', { bob: '', carol: '', anonymous: '', execRead: '' }],
  ['public-read', { bob: 'READ', carol: 'READ', anonymous: 'READ', execRead: 'READ' }],
  ['public-read-write', { bob: 'READ WRITE', carol: 'READ WRITE', anonymous: 'READ WRITE', execRead: 'READ WRITE' }],
  ['authenticated-read', { bob: 'READ', carol: 'READ', anonymous: '', execRead: 'READ' }],
  ['bucket-owner-read', { bob: 'READ', carol: '', anonymous: '', execRead: '' }],
  ['bucket-owner-full-control', { bob: permissions.join(' '), carol: '', anonymous: '', execRead: '' }],
  ['log-delivery-write', { bob: '', carol: '', anonymous: '', execRead: '' }],
  ['aws-exec-read', { bob: '', carol: '', anonymous: '', execRead: 'READ' }],
  ['ec2-bundle-read', { bob: '', carol: '', anonymous: '', execRead: 'READ' }],
]
const people = { bob: as(bob), carol: as(carol), anonymous, execRead }

describe.each(table)('%s', (name, others) => {
  const acl = cannedAcl(name, alice, bob) ?? privateAcl(alice)

  it('leaves the owner and the administrator everything', () => {
    for (const permission of permissions) {
      expect(allowed(acl, as(alice), permission)).toBe(true)
      expect(allowed(acl, as(carol, true), permission)).toBe(true)
    }
  })

  it.each(Object.entries(others))('lets %s "%s"', (person, expected) => {
    const requester = people[person as keyof typeof people]
    expect(permissions.filter((permission) => allowed(acl, requester, permission)).join(' ')).toBe(expected)
  })
})

it('grants the bucket owner nothing twice', () => {
  expect(cannedAcl('bucket-owner-read', alice, alice)?.grants).toHaveLength(1)
})

it('knows no other names', () => {
  expect(cannedAcl('public', alice)).toBeUndefined()
  expect(cannedAcl('constructor', alice)).toBeUndefined()
})

it('lets an owner without grants see and mend the ACL only', () => {
  const none = { owner: alice, grants: [] }
  expect(permissions.filter((permission) => allowed(none, as(alice), permission))).toEqual(['READ_ACP', 'WRITE_ACP'])
})

it('gives nothing to the members of unknown groups', () => {
  const acl = {
    owner: alice,
    grants: [{ grantee: { kind: 'group', uri: `${groups.allUsers}/x` }, permission: 'READ' }],
  } as const
  expect(allowed(acl, anonymous, 'READ')).toBe(false)
})

it('knows who owns', () => {
  expect([as(alice), as(bob), as(bob, true), anonymous, execRead].map((one) => owns(alice, one))).toEqual([
    true,
    false,
    true,
    false,
    false,
  ])
})
