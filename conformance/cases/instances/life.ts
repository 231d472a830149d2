import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { consoleOf } from '../../guest.ts'
import { registerRandomImage } from '../../images.ts'
import {
  findInstance,
  instancesOf,
  notTheirs,
  runInstance,
  stateOf,
  terminateLater,
  untilRunning,
  untilTerminated,
} from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const base = { level: 'MUST', needs: ['s3', 'images', 'instance-store'], seconds: 4, cents: 1 } as const

export default [
  defineCase({
    ...base,
    id: 'instances/run-and-terminate',
    title: 'an instance is pending, then running, and when it is terminated shutting-down and terminated',
    covers: ['RunInstances', 'DescribeInstances', 'TerminateInstances'],
    source: 'eucalyptus-behaviour.md sections 5.1 and 5.2',
    smoke: true,
    async run(tools) {
      const { ec2, account } = tools.administrator
      const ImageId = await registerRandomImage(tools)
      const { name: InstanceType } = tools.target.instanceType
      const answer = await ec2.call('RunInstances', { ImageId, InstanceType, MinCount: 1, MaxCount: 1 })
      const [made] = list(answer, 'instancesSet')
      const id = text(made, 'instanceId') ?? ''
      terminateLater(tools, id)
      assert.deepEqual([stateOf(made), text(made, 'instanceState', 'code')], ['pending', '0'])
      assert.equal(text(answer, 'ownerId'), account.accountId)
      assert.match(id, /^i-(.{8}|.{17})$/)
      const running = await untilRunning(tools, id)
      const shown = ['imageId', 'instanceType', 'rootDeviceType', 'virtualizationType'].map((name) =>
        text(running, name),
      )
      assert.deepEqual(shown, [ImageId, InstanceType, 'instance-store', 'hvm'])
      assert.equal(text(running, 'placement', 'availabilityZone'), tools.target.zone)
      const [ending] = list(await ec2.call('TerminateInstances', { InstanceId: [id] }), 'instancesSet')
      assert.equal(text(ending, 'previousState', 'name'), 'running')
      assert.equal(text(ending, 'currentState', 'name'), 'shutting-down')
      const ended = await untilTerminated(tools, id)
      const why = tools.of({ eucalyptus: ['reason'], aws: ['stateReason', 'code'] })
      assert.match(text(ended, ...why) ?? '', tools.of({ eucalyptus: /^USER_TERMINATED/, aws: /^Client\.UserInit/ }))
    },
  }),
  defineCase({
    ...base,
    id: 'instances/terminated-twice',
    title: 'terminating a terminated instance takes it out of the descriptions; in AWS it stays for its hour',
    covers: ['TerminateInstances', 'DescribeInstances'],
    source: 'eucalyptus-behaviour.md section 5.1 and invariant 10 of section 14',
    async run(tools) {
      const { ec2 } = tools.administrator
      const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
      await ec2.call('TerminateInstances', { InstanceId: [id] })
      await untilTerminated(tools, id)
      const [again] = list(await ec2.call('TerminateInstances', { InstanceId: [id] }), 'instancesSet')
      const states = ['previousState', 'currentState'].map((name) => text(again, name, 'code'))
      assert.deepEqual(states, ['48', '48'])
      const shown = stateOf(await findInstance(tools.administrator, id))
      assert.equal(shown, tools.of({ eucalyptus: undefined, aws: 'terminated' }))
    },
  }),
  defineCase({
    ...base,
    id: 'instances/console-of-the-terminated',
    title: 'the console can be read while an instance runs; in AWS also afterwards',
    covers: ['GetConsoleOutput'],
    source: 'eucalyptus-behaviour.md sections 1.5, 5.5 and 12',
    async run(tools) {
      const { ec2 } = tools.administrator
      const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
      await untilRunning(tools, id)
      await consoleOf(tools.administrator, id)
      await ec2.call('TerminateInstances', { InstanceId: [id] })
      await untilTerminated(tools, id)
      if (tools.target.fidelity === 'aws') await consoleOf(tools.administrator, id)
      else {
        const notRunning = refusal('InternalFailure', 500, /not in a running state/)
        await tools.refuses(consoleOf(tools.administrator, id), notRunning)
      }
    },
  }),
  defineCase({
    ...base,
    id: 'instances/client-token',
    title: 'a client token that was used before answers with the instance that it made then, and makes no other',
    covers: ['RunInstances', 'DescribeInstances'],
    source: 'eucalyptus-behaviour.md section 5.2',
    async run(tools) {
      const ImageId = await registerRandomImage(tools)
      const asked = { ImageId, ClientToken: tools.name('token') }
      const id = await runInstance(tools, asked)
      assert.equal(await runInstance(tools, asked), id)
      const Filter = [{ Name: 'client-token', Value: [asked.ClientToken] }]
      const made = instancesOf(await tools.administrator.ec2.call('DescribeInstances', { Filter }))
      assert.deepEqual(
        made.map((one) => text(one, 'instanceId')),
        [id],
        'the token has made more than one instance',
      )
    },
  }),
  defineCase({
    ...base,
    id: 'instances/belong-to-an-account',
    title: "another account's instance is not there for an ordinary account",
    covers: ['DescribeInstances', 'TerminateInstances', 'GetConsoleOutput'],
    needs: ['s3', 'images', 'instance-store', 'two-accounts'],
    source: 'eucalyptus-behaviour.md section 1.5',
    async run(tools) {
      const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
      const { ec2 } = tools.user
      const notFound = refusal('InvalidInstanceID.NotFound', 400)
      for (const action of ['DescribeInstances', 'TerminateInstances']) {
        await tools.refuses(ec2.call(action, { InstanceId: [id] }), notFound)
      }
      await tools.refuses(consoleOf(tools.user, id), notTheirs)
      const theirs = instancesOf(await ec2.call('DescribeInstances'))
      assert.ok(!theirs.some((instance) => text(instance, 'instanceId') === id), 'the instance is listed')
      await untilRunning(tools, id)
    },
  }),
]
