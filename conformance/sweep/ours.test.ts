import { expect, test } from 'vitest'
import type { Xml } from '../../src/client/xml.ts'
import type { Kind, Thing } from './listings.ts'
import { strayAddresses, thingsOf, trailOf } from './ours.ts'

const thing = (kind: Kind, id: string, about: Xml = '', isOver = false): Thing => ({
  kind,
  id,
  state: undefined,
  about: { id, about },
  isOver,
})
const fields = { bucket: 'Name', 'key pair': 'keyName', role: 'RoleName', 'instance profile': 'InstanceProfileName' }
const named = (kind: keyof typeof fields, id: string, more: object = {}): Thing => ({
  ...thing(kind, id),
  about: { [fields[kind]]: id, ...more },
})
const name = 'conformance-0123abcd-aa1'
const head = { run: '0123abcd', target: 'a cloud', endpoint: 'http://c', started: '', pid: 1 }
const intents = {
  ...{ head, names: [], addresses: ['192.0.2.1'], scope: undefined, made: ['vol-aaaaaaaa'] },
  ...{ unanswered: [], lost: [], folders: [], damaged: 0 },
}
const ids = (things: readonly Thing[]) => things.map(({ id }) => id).sort()

test('what names the run is its own, whatever kind it is of; what names another is not', () => {
  const things = [
    named('bucket', `${name}-bucket`),
    thing('instance', 'i-11111111', { clientToken: `${name}-RunInstances` }),
    thing('volume', 'vol-11111111', { tagSet: [{ key: 'conformance', value: `${name}-CreateVolume` }] }),
    named('bucket', 'conformance-deadbeef-aa1-bucket'),
    thing('image', 'emi-22222222', { name: 'my image' }),
  ]
  expect(ids(thingsOf(trailOf('0123abcd'), things))).toEqual([`${name}-bucket`, 'i-11111111', 'vol-11111111'])
})

test('what came of a thing of the run is its own, through any number of steps and in any order', () => {
  const things = [
    thing('image', 'emi-33333333', { blockDeviceMapping: [{ ebs: { snapshotId: 'snap-33333333' } }] }),
    thing('snapshot', 'snap-33333333', { volumeId: 'vol-aaaaaaaa' }),
    thing('volume', 'vol-44444444', { attachmentSet: [{ instanceId: 'i-44444444' }] }),
    thing('instance', 'i-44444444', { imageId: 'emi-33333333' }),
    thing('volume', 'vol-bbbbbbbb', { snapshotId: 'snap-99999999' }),
  ]
  expect(ids(thingsOf(trailOf('0123abcd', intents), things))).toEqual(ids(things.slice(0, 4)))
})

test('what a task has made is its own, also when the task is over and itself no leftover', () => {
  const things = [
    thing('conversion task', 'import-i-1', { image: `http://c/${name}-bucket`, volume: { id: 'vol-55555555' } }, true),
    thing('volume', 'vol-55555555'),
  ]
  expect(ids(thingsOf(trailOf('0123abcd'), things))).toEqual(['vol-55555555'])
})

test("a group whose rules name the run's group is not the run's", () => {
  const own: Thing = { ...thing('group', 'sg-1'), about: { groupName: `${name}-group`, groupId: 'sg-1' } }
  const other: Thing = {
    ...thing('group', 'sg-2'),
    about: { groupName: 'default', ipPermissions: `${name}-group sg-1` },
  }
  expect(ids(thingsOf(trailOf('0123abcd'), [own, other]))).toEqual(['sg-1'])
})

test('an address that was there before is never swept, also when it was given to an instance of the run', () => {
  const things = [
    thing('instance', 'i-66666666', { clientToken: `${name}-RunInstances` }),
    thing('address', '192.0.2.1', { instanceId: 'i-66666666' }),
    thing('address', '192.0.2.2', { instanceId: 'i-66666666' }),
  ]
  expect(ids(thingsOf(trailOf('0123abcd', intents), things))).toEqual(['192.0.2.2', 'i-66666666'])
  // Without a journal nobody knows which were there before.
  expect(ids(thingsOf(trailOf('0123abcd'), things))).toEqual(['i-66666666'])
})

test('an address of which the run has not heard is its own when there is no other explanation', () => {
  const trail = trailOf('0123abcd', { ...intents, unanswered: ['AllocateAddress'] })
  const [before, fresh, used, more] = [
    thing('address', '192.0.2.1'),
    thing('address', '192.0.2.2'),
    thing('address', '192.0.2.3', { instanceId: 'i-77777777' }),
    thing('address', '192.0.2.4'),
  ] as const
  expect(strayAddresses(trail, [before, fresh, used])).toEqual({ ours: [fresh], doubtful: [] })
  expect(strayAddresses(trail, [before, fresh, more])).toEqual({ ours: [], doubtful: [fresh, more] })
  expect(strayAddresses(trailOf('0123abcd', intents), [fresh])).toEqual({ ours: [], doubtful: [] })
})

test('what has a name like those of the run, or speaks of the run, is not its own', () => {
  const others = [
    named('bucket', `my-${name}-backup`),
    named('bucket', 'conformance-0123abcdef-bucket'),
    named('key pair', `old-${name}-key`),
    named('role', 'theirs', { AssumeRolePolicyDocument: `{"Principal":{"AWS":"arn:aws:iam::1:role/${name}-role"}}` }),
    named('instance profile', 'theirs', { Roles: [{ RoleName: `${name}-role` }] }),
    { ...thing('group', 'sg-1'), about: { groupName: 'theirs', groupDescription: `${name}-group` } },
    thing('volume', 'vol-11111111', { tagSet: [{ key: 'note', value: `as in ${name}-volume` }] }),
    thing('instance', 'i-11111111', { clientToken: `my-${name}` }),
    thing('volume', 'vol-22222222', { snapshotId: 'snap-aaaaaaaa1' }),
    thing('snapshot', 'snap-22222222', { description: 'old-vol-aaaaaaaa' }),
  ]
  const mine = [named('role', `${name}-role`), named('instance profile', `${name}-profile`)]
  const trail = trailOf('0123abcd', { ...intents, made: ['vol-aaaaaaaa', 'snap-aaaaaaaa'] })
  expect(ids(thingsOf(trail, [...others, ...mine]))).toEqual(ids(mine))
})

test('who has an address that the run had, or one that begins so, is not of the run', () => {
  const trail = trailOf('0123abcd', { ...intents, made: ['192.0.2.2'] })
  const theirs = ['192.0.2.2', '192.0.2.20'].map((ip) => thing('instance', `i-0000000${ip.length}`, { ipAddress: ip }))
  expect(ids(thingsOf(trail, [...theirs, thing('address', '192.0.2.20')]))).toEqual([])
  expect(ids(thingsOf(trail, [...theirs, thing('address', '192.0.2.2')]))).toEqual(['192.0.2.2'])
})
