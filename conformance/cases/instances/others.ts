import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { deregisterLater, registerRandomImage } from '../../images.ts'
import { findInstance, notTheirs, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { makeKeyPair } from '../../key-pairs.ts'
import { isTaken, refusal } from '../../refusal.ts'

const base = {
  level: 'MUST',
  needs: ['s3', 'images', 'instance-store', 'two-accounts'],
  source: 'eucalyptus-behaviour.md sections 1.5 and 13; EC2 API Reference, Common client error codes',
  seconds: 6,
  cents: 1,
} as const

const notFound = refusal('InvalidInstanceID.NotFound', 400)

const acting: Case = defineCase({
  ...base,
  id: 'instances/left-alone-by-other-accounts',
  title: "an ordinary account can neither look into another's instance, nor change, stop, reboot or copy it",
  covers: [
    ...['StopInstances', 'StartInstances', 'RebootInstances', 'GetPasswordData', 'GetConsoleScreenshot'],
    ...['DescribeInstanceStatus', 'DescribeInstanceAttribute', 'ModifyInstanceAttribute', 'ResetInstanceAttribute'],
    ...['GetConsoleOutput', 'CreateImage'],
  ],
  async run(tools) {
    const { administrator, user } = tools
    const { ec2 } = user
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    const protect = (Value: boolean) => ({ InstanceId: id, DisableApiTermination: { Value } })
    tools.later(`protection of ${id}`, () => administrator.ec2.call('ModifyInstanceAttribute', protect(false)))
    await untilRunning(tools, id)
    const several: Parameters = { InstanceId: [id] }
    const one: Parameters = { InstanceId: id }
    const asked: [string, Parameters][] = [
      ['StartInstances', several],
      ['DescribeInstanceStatus', several],
      ['GetPasswordData', one],
      ['GetConsoleOutput', one],
      ['DescribeInstanceAttribute', { ...one, Attribute: 'userData' }],
      ['ModifyInstanceAttribute', protect(true)],
      ['ResetInstanceAttribute', { ...one, Attribute: 'sourceDestCheck' }],
      ['RebootInstances', several],
    ]
    for (const [action, parameters] of asked) await tools.refuses(ec2.call(action, parameters), notTheirs)
    // To Eucalyptus it is first of all of a kind that nobody can stop.
    const unstopped = [...tools.of(notTheirs), refusal('UnsupportedOperation', 400)]
    await tools.refuses(ec2.call('StopInstances', several), unstopped)
    const copy = ec2.call('CreateImage', { ...one, Name: tools.name('image') }).then((answer) => {
      deregisterLater(tools, text(answer, 'imageId') ?? '', user)
      return answer
    })
    await tools.refuses(copy, notTheirs)
    const screen = ec2.call('GetConsoleScreenshot', one)
    // Eucalyptus answers everybody, and with a picture nobody.
    if (tools.target.fidelity === 'aws' || !(await isTaken(screen))) await tools.refuses(screen, notFound)
    else assert.equal(text(await screen, 'imageData'), undefined, "another account sees the instance's screen")
    assert.equal(stateOf(await findInstance(administrator, id)), 'running')
    const kept = await administrator.ec2.call('DescribeInstanceAttribute', {
      ...one,
      Attribute: 'disableApiTermination',
    })
    assert.equal(text(kept, 'disableApiTermination', 'value'), 'false')
  },
})

const launching: Case = defineCase({
  ...base,
  id: 'instances/launched-with-what-others-have',
  title: "a launch with another account's key pair or group is refused as if there were none",
  covers: ['RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'two-accounts', 'key-pairs', 'security-groups'],
  async run(tools) {
    const { user } = tools
    const { name: KeyName } = await makeKeyPair(tools)
    const group = await makeGroup(tools)
    const ImageId = await registerRandomImage(tools, user)
    const launch = (parameters: Parameters) => runInstance(tools, { ImageId, ...parameters }, user)
    await tools.refuses(launch({ KeyName }), refusal('InvalidKeyPair.NotFound', 400))
    const noGroup = refusal('InvalidGroup.NotFound', 400)
    await tools.refuses(launch({ SecurityGroup: [group.name] }), noGroup)
    await tools.refuses(launch({ SecurityGroupId: [group.id] }), noGroup)
    await untilRunning(tools, await launch({}), user)
  },
})

export default [acting, launching]
