import { describe, expect, test } from 'vitest'
import { deep, freshCloud, items, theText } from '../../cloud.harness.ts'
import { createGroup } from '../group/group.harness.ts'

const one = { MinCount: '1', MaxCount: '1' }

describe('a launch', () => {
  test('is in the groups that are named, in each once, or in the default group', async () => {
    const it = await freshCloud()
    const ImageId = await it.register()
    const web = await createGroup(it, 'web')
    const groupsOf = async (groups: Record<string, string>) => {
      const answer = await it.call('RunInstances', { ...one, ImageId, ...groups })
      expect(deep(answer, 'instancesSet', '0', 'groupSet')).toEqual(deep(answer, 'groupSet'))
      return items(answer, 'groupSet').map((group) => theText(group, 'groupName'))
    }
    expect(await groupsOf({})).toEqual(['default'])
    expect(await groupsOf({ 'SecurityGroupId.1': web })).toEqual(['web'])
    expect(await groupsOf({ 'SecurityGroup.1': 'web', 'SecurityGroup.2': 'default' })).toEqual(['web', 'default'])
    expect(await groupsOf({ 'SecurityGroup.1': 'web', 'SecurityGroupId.1': web })).toEqual(['web'])
  })

  test.each<[string, Record<string, string>, string]>([
    [
      'a name that no group has',
      { 'SecurityGroup.1': 'default', 'SecurityGroup.2': 'web' },
      "400 InvalidGroup.NotFound: The security group 'web' does not exist",
    ],
    [
      'an id that no group has',
      { 'SecurityGroupId.1': 'sg-12345678' },
      "400 InvalidGroup.NotFound: The security group 'sg-12345678' does not exist",
    ],
    ['what is no id', { 'SecurityGroupId.1': 'web' }, '400 InvalidGroupId.Malformed: '],
  ])('is refused with %s, in both clouds', async (_title, groups, refusal) => {
    for (const fidelity of ['eucalyptus', 'aws'] as const) {
      const it = await freshCloud({ fidelity })
      const parameters = { ...one, ImageId: await it.register(), ...groups }
      expect((await it.refusal('RunInstances', parameters)).slice(0, refusal.length)).toBe(refusal)
      expect(it.cloud.instances.list()).toEqual([])
    }
  })

  test("is refused in another account's group", async () => {
    const it = await freshCloud()
    const group = await createGroup(it, 'private')
    const user = await it.account('group-user')
    const ImageId = await it.register({ as: user })
    for (const groups of [{ 'SecurityGroupId.1': group }, { 'SecurityGroup.1': 'private' }]) {
      expect(await it.refusal('RunInstances', { ...one, ImageId, ...groups }, user)).toMatch(
        /^400 InvalidGroup.NotFound: /,
      )
    }
  })
})
