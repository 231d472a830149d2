import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { runBlank, stopInstance } from '../../ebs-instances.ts'
import { registerRandomImage } from '../../images.ts'
import {
  endInstance,
  findInstance,
  runInstance,
  stateOf,
  terminateLater,
  untilRunning,
  untilState,
  untilTerminated,
} from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source = 'eucalyptus-behaviour.md sections 1.5, 5.1 and 12; EC2 API Reference, StopInstances and StartInstances'
const base = {
  level: 'MUST',
  needs: ['ebs'],
  source,
  seconds: 20,
  cents: 1,
} as const

/** What an operation says of the instances that it changes: from which state to which. */
const changes = (answer: Xml): string[] =>
  list(answer, 'instancesSet').map((one) =>
    ['previousState', 'currentState'].map((name) => text(one, name, 'name')).join(' -> '),
  )

const wrongState = refusal('IncorrectInstanceState', 400)

const cycle: Case = defineCase({
  ...base,
  id: 'instances/stopped-and-started',
  title: 'an EBS-backed instance is stopping, stopped, pending and running again, by the same id and volume',
  covers: ['StopInstances', 'StartInstances', 'DescribeInstances'],
  smoke: true,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id, root } = await runBlank(tools)
    assert.deepEqual(changes(await ec2.call('StopInstances', { InstanceId: [id], Force: true })), [
      'running -> stopping',
    ])
    const stopped = await untilState(tools, id, 'stopped')
    assert.equal(text(stopped, 'instanceState', 'code'), '80')
    assert.ok(!text(stopped, 'privateIpAddress') || tools.target.fidelity === 'aws')
    const why = tools.of({ eucalyptus: ['reason'], aws: ['stateReason', 'code'] })
    assert.match(text(stopped, ...why) ?? '', tools.of({ eucalyptus: /^USER_STOPPED/, aws: /^Client\.UserInit/ }))
    assert.deepEqual(changes(await ec2.call('StartInstances', { InstanceId: [id] })), ['stopped -> pending'])
    const again = await untilRunning(tools, id)
    assert.equal(text(list(again, 'blockDeviceMapping')[0], 'ebs', 'volumeId'), root.id)
  },
})

const stops: Case = defineCase({
  ...base,
  id: 'instances/stops-that-are-refused',
  title: 'an instance-store instance cannot be stopped and one that has ended neither; the others asked for go on',
  covers: ['StopInstances'],
  needs: ['s3', 'images', 'instance-store', 'ebs'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const store = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, store)
    const stop = (...InstanceId: string[]) => ec2.call('StopInstances', { InstanceId })
    const unsupported = {
      eucalyptus: refusal('UnsupportedOperation', 400, /does not have an 'ebs' root device type/),
      aws: refusal('UnsupportedOperation', 400),
    }
    await tools.refuses(stop(store), unsupported)
    await tools.refuses(stop(id, store), unsupported)
    assert.equal(stateOf(await findInstance(tools.administrator, id)), 'running', 'one of two was stopped')
    await tools.refuses(stop('i-00000000'), refusal('InvalidInstanceID.NotFound', 400))
    await endInstance(tools, id)
    await tools.refuses(stop(id), wrongState)
  },
})

const starts: Case = defineCase({
  ...base,
  id: 'instances/starts-of-what-is-not-stopped',
  title: 'to start an instance that runs changes nothing; one that has ended Eucalyptus passes over, and AWS refuses',
  covers: ['StartInstances'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const start = () => ec2.call('StartInstances', { InstanceId: [id] })
    assert.deepEqual(changes(await start()), tools.of({ eucalyptus: [], aws: ['running -> running'] }))
    await endInstance(tools, id)
    if (tools.target.fidelity === 'aws') await tools.refuses(start(), wrongState)
    else assert.deepEqual(changes(await start()), [])
    const nobody = ec2.call('StartInstances', { InstanceId: ['i-00000000'] })
    await tools.refuses(nobody, refusal('InvalidInstanceID.NotFound', 400))
  },
})

const ended: Case = defineCase({
  ...base,
  id: 'instances/terminated-while-stopped',
  title: 'a stopped instance is terminated at once',
  covers: ['TerminateInstances', 'StopInstances'],
  async run(tools) {
    const { id } = await runBlank(tools)
    await stopInstance(tools, id)
    const answer = await tools.administrator.ec2.call('TerminateInstances', { InstanceId: [id] })
    assert.deepEqual(changes(answer), ['stopped -> terminated'])
    await untilTerminated(tools, id)
  },
})

const reboots: Case = defineCase({
  ...base,
  id: 'instances/rebooted',
  title: 'an instance that is rebooted stays running, with its addresses; one that has ended is passed over',
  covers: ['RebootInstances', 'DescribeInstances'],
  needs: ['s3', 'images', 'instance-store'],
  async run(tools) {
    const { administrator } = tools
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    const places = (instance: Xml | undefined) => ['privateIpAddress', 'ipAddress'].map((name) => text(instance, name))
    const before = places(await untilRunning(tools, id))
    const reboot = async () => text(await administrator.ec2.call('RebootInstances', { InstanceId: [id] }), 'return')
    assert.equal(await reboot(), 'true')
    const after = await findInstance(administrator, id)
    assert.deepEqual([stateOf(after), places(after)], ['running', before])
    await endInstance(tools, id)
    assert.equal(await reboot(), 'true')
    assert.equal(stateOf(await findInstance(administrator, id)), 'terminated')
  },
})

/** Runs three instances by one request; gives the answer. */
async function runThree(tools: Tools, ImageId: string): Promise<Xml> {
  const { name: InstanceType } = tools.target.instanceType
  const asked = { ImageId, InstanceType, MinCount: 2, MaxCount: 3 }
  const answer = await tools.administrator.ec2.call('RunInstances', asked)
  for (const one of list(answer, 'instancesSet')) terminateLater(tools, text(one, 'instanceId') ?? '')
  return answer
}

const several: Case = defineCase({
  ...base,
  id: 'instances/several-at-once',
  title:
    'one launch makes as many instances as there is room for, in one reservation, each with an index and an address',
  covers: ['RunInstances', 'DescribeInstances', 'TerminateInstances'],
  needs: ['s3', 'images', 'instance-store'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const made = await runThree(tools, await registerRandomImage(tools))
    const ids = list(made, 'instancesSet').map((one) => text(one, 'instanceId') ?? '')
    const indexes = list(made, 'instancesSet').map((one) => text(one, 'amiLaunchIndex'))
    assert.deepEqual([ids.length, indexes.sort()], [3, ['0', '1', '2']])
    const running = []
    for (const id of ids) running.push(await untilRunning(tools, id))
    assert.equal(new Set(running.map((one) => text(one, 'privateIpAddress'))).size, 3)
    const [reservation, ...others] = list(await ec2.call('DescribeInstances', { InstanceId: ids }), 'reservationSet')
    assert.deepEqual([text(reservation, 'reservationId'), others], [text(made, 'reservationId'), []])
    const both = ids.slice(0, 2)
    assert.equal(changes(await ec2.call('TerminateInstances', { InstanceId: both })).length, 2)
    for (const id of both) await untilTerminated(tools, id)
    assert.equal(stateOf(await findInstance(tools.administrator, ids[2] ?? '')), 'running')
  },
})

const tokens: Case = defineCase({
  ...base,
  id: 'instances/client-token-of-another-request',
  title: 'a client token that was used for another request answers with what it made in Eucalyptus; AWS refuses it',
  covers: ['RunInstances'],
  needs: ['s3', 'images', 'instance-store'],
  source: 'eucalyptus-behaviour.md section 5.2; EC2 API Reference, Ensuring idempotency',
  async run(tools) {
    const ImageId = await registerRandomImage(tools)
    const ClientToken = tools.name('token')
    const id = await runInstance(tools, { ImageId, ClientToken })
    const other = runInstance(tools, { ImageId, ClientToken, MaxCount: 2 })
    if (tools.target.fidelity === 'aws') await tools.refuses(other, refusal('IdempotentParameterMismatch', 400))
    else assert.equal(await other, id)
    const another = await runInstance(tools, { ImageId, ClientToken: tools.name('token') })
    assert.notEqual(another, id)
  },
})

export default [cycle, stops, starts, ended, reboots, several, tokens]
