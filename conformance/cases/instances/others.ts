import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { type Case, defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { registerRandomImage } from '../../images.ts'
import { findInstance, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { makeKeyPair } from '../../key-pairs.ts'
import { refusal } from '../../refusal.ts'

const base = {
  level: 'MUST',
  needs: ['s3', 'images', 'instance-store', 'two-accounts'],
  source: 'eucalyptus-behaviour.md sections 1.5 and 13; EC2 API Reference, Common client error codes',
  seconds: 6,
  cents: 1,
} as const

const acting: Case = defineCase({
  ...base,
  id: 'instances/left-alone-by-other-accounts',
  title: "an ordinary account can neither look into another's instance, nor change, stop, reboot or copy it",
  covers: [
    ...['StopInstances', 'StartInstances', 'RebootInstances', 'GetPasswordData', 'GetConsoleScreenshot'],
    ...['DescribeInstanceStatus', 'DescribeInstanceAttribute', 'ModifyInstanceAttribute', 'CreateImage'],
  ],
  async run(tools) {
    const { ec2 } = tools.user
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    const several: Parameters = { InstanceId: [id] }
    const one: Parameters = { InstanceId: id }
    const asked: [string, Parameters][] = [
      ['StopInstances', several],
      ['StartInstances', several],
      ['DescribeInstanceStatus', several],
      ['GetPasswordData', one],
      ['GetConsoleScreenshot', one],
      ['DescribeInstanceAttribute', { ...one, Attribute: 'userData' }],
      ['ModifyInstanceAttribute', { ...one, DisableApiTermination: { Value: true } }],
      ['ResetInstanceAttribute', { ...one, Attribute: 'sourceDestCheck' }],
    ]
    const notFound = refusal('InvalidInstanceID.NotFound', 400)
    for (const [action, parameters] of asked) await tools.refuses(ec2.call(action, parameters), notFound)
    const failure = { eucalyptus: refusal('InternalFailure', 500), aws: notFound }
    await tools.refuses(ec2.call('RebootInstances', several), failure)
    await tools.refuses(ec2.call('CreateImage', { ...one, Name: tools.name('image') }), failure)
    const left = await findInstance(tools.administrator, id)
    assert.equal(stateOf(left), 'running')
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
