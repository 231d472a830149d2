import { describe, expect, test } from 'vitest'
import { freshCloud, items, type TestCloud, theText } from '../../cloud.harness.ts'

const launch = async (it: TestCloud) => ({
  ImageId: await it.register(),
  MinCount: '2',
  MaxCount: '2',
  ClientToken: 'the-token',
  'SecurityGroup.1': 'default',
})
const ids = async (it: TestCloud, parameters: Record<string, string>) =>
  items(await it.call('RunInstances', parameters), 'instancesSet').map((one) => theText(one, 'instanceId'))
const mismatch =
  '400 IdempotentParameterMismatch: Arguments on this idempotent request are inconsistent with arguments used in previous request(s).'

describe.each(['eucalyptus', 'aws'] as const)('a launch with a client token in %s', (fidelity) => {
  test('is one, asked for at once or again, in any order of its parameters', async () => {
    const it = await freshCloud({ fidelity })
    const first = await launch(it)
    const turned = Object.fromEntries(Object.entries(first).reverse())
    const answers = await Promise.all([ids(it, first), ids(it, turned), ids(it, first)])
    expect(new Set(answers.flat()).size).toBe(2)
    expect(it.cloud.instances.list()).toHaveLength(2)
  })

  test('is one over a restart, and when its instances have ended', async () => {
    const before = await freshCloud({ fidelity })
    const first = await launch(before)
    const launched = await ids(before, first)
    await before.idle()
    const it = await before.restart('crash')
    await it.idle()
    await it.call('TerminateInstances', { 'InstanceId.1': launched[0] ?? '' })
    await it.idle()
    expect(await ids(it, first)).toEqual(launched)
  })

  test('of another account is another', async () => {
    const it = await freshCloud({ fidelity })
    const user = await it.account('other')
    await ids(it, await launch(it))
    const theirs = await it.register({ as: user })
    expect(await it.run({ ImageId: theirs, ClientToken: 'the-token' }, user)).toMatch(/^i-/)
    expect(it.cloud.instances.list()).toHaveLength(3)
  })
})

test.each([[{ MaxCount: '3' }], [{ InstanceType: 'm1.medium' }], [{ UserData: 'aGVsbG8=' }]])(
  'the same token with %j is refused in aws, the first launch in eucalyptus',
  async (other) => {
    const [aws, eucalyptus] = [await freshCloud({ fidelity: 'aws' }), await freshCloud()]
    for (const it of [aws, eucalyptus]) {
      const first = await launch(it)
      const launched = await ids(it, first)
      if (it === aws) expect(await it.refusal('RunInstances', { ...first, ...other })).toBe(mismatch)
      else expect(await ids(it, { ...first, ...other })).toEqual(launched)
      expect(it.cloud.instances.list()).toHaveLength(2)
    }
  },
)

test('a refused launch leaves its token free', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const first = await launch(it)
  expect(await it.refusal('RunInstances', { ...first, KeyName: 'nobodys' })).toContain('InvalidKeyPair.NotFound')
  expect(await ids(it, first)).toHaveLength(2)
})

test('a token has 64 characters at most in aws', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const first = await launch(it)
  expect(await it.refusal('RunInstances', { ...first, ClientToken: 'x'.repeat(65) })).toContain(
    '400 InvalidParameterValue',
  )
  expect(await ids(it, { ...first, ClientToken: 'x'.repeat(64) })).toHaveLength(2)
})

test('what a launch asks at power-off is checked in aws', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const first = await launch(it)
  const refusal = (InstanceInitiatedShutdownBehavior: string) =>
    it.refusal('RunInstances', { ...first, InstanceInitiatedShutdownBehavior })
  expect(await refusal('explode')).toContain('400 InvalidParameterValue: Value (explode)')
  expect(await refusal('stop')).toContain('400 InvalidParameterCombination: ')
})
