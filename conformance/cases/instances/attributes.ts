import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { ServiceError } from '../../../src/client/service-error.ts'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { mappedVolumes, runBlank, stopInstance } from '../../ebs-instances.ts'
import { makeGroup } from '../../groups.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, findInstance, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { untilVolume } from '../../volumes.ts'

const source =
  'eucalyptus-behaviour.md sections 1.5, 5.1 and 5.4; EC2 API Reference, ModifyInstanceAttribute and DescribeInstanceAttribute'
const base = {
  level: 'MUST',
  covers: ['ModifyInstanceAttribute', 'DescribeInstanceAttribute'],
  needs: ['s3', 'images', 'instance-store'],
  source,
  seconds: 8,
  cents: 1,
} as const
const ebs = { ...base, needs: ['ebs'], seconds: 20 } as const

const read = async ({ administrator }: Tools, InstanceId: string, Attribute: string) =>
  administrator.ec2.call('DescribeInstanceAttribute', { InstanceId, Attribute })
const attributeOf = async (tools: Tools, id: string, name: string) => text(await read(tools, id, name), name, 'value')
const modify = ({ administrator }: Tools, InstanceId: string, parameters: Parameters) =>
  administrator.ec2.call('ModifyInstanceAttribute', { InstanceId, ...parameters })
const notStopped = refusal('IncorrectInstanceState', 400)
const base64 = (words: string) => Buffer.from(words).toString('base64')

const described: Case = defineCase({
  ...base,
  id: 'instances/attributes-are-described',
  title: 'the attributes of an instance are those of its launch',
  covers: ['DescribeInstanceAttribute', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'security-groups'],
  async run(tools) {
    const group = await makeGroup(tools)
    const UserData = base64(tools.name('user-data'))
    const ImageId = await registerRandomImage(tools)
    const id = await runInstance(tools, { ImageId, UserData, SecurityGroup: [group.name] })
    const running = await untilRunning(tools, id)
    const names = ['instanceType', 'userData', 'disableApiTermination', 'rootDeviceName', 'ebsOptimized']
    const values = await Promise.all(names.map((name) => attributeOf(tools, id, name)))
    // AWS takes a bundle's root from its manifest, whatever that calls it.
    const root = tools.of({ eucalyptus: '/dev/sda', aws: text(running, 'rootDeviceName') })
    assert.deepEqual(values, [tools.target.instanceType.name, UserData, 'false', root, 'false'])
    const groups = list(await read(tools, id, 'groupSet'), 'groupSet').map((one) => text(one, 'groupId'))
    assert.deepEqual(groups, [group.id])
    // In Eucalyptus it is always the same word, and the kind of the root decides.
    const behaviour = await attributeOf(tools, id, 'instanceInitiatedShutdownBehavior')
    assert.equal(behaviour, tools.of({ eucalyptus: 'stop', aws: 'terminate' }))
  },
})

const protection: Case = defineCase({
  ...base,
  id: 'instances/termination-protection',
  title:
    'a protected instance is not terminated, and neither is another that is asked for with it, until that is undone',
  covers: ['ModifyInstanceAttribute', 'DescribeInstanceAttribute', 'TerminateInstances', 'RunInstances'],
  smoke: true,
  async run(tools) {
    const { ec2 } = tools.administrator
    const ImageId = await registerRandomImage(tools)
    const id = await runInstance(tools, { ImageId, DisableApiTermination: true })
    const protect = (Value: boolean) => modify(tools, id, { DisableApiTermination: { Value } })
    tools.later(`protection of ${id}`, () => protect(false))
    const other = await runInstance(tools, { ImageId })
    for (const one of [id, other]) await untilRunning(tools, one)
    assert.equal(await attributeOf(tools, id, 'disableApiTermination'), 'true')
    const refused = refusal('OperationNotPermitted', 400)
    const terminate = (...InstanceId: string[]) => ec2.call('TerminateInstances', { InstanceId })
    await tools.refuses(terminate(id), refused)
    await tools.refuses(terminate(other, id), refused)
    for (const one of [id, other]) assert.equal(stateOf(await findInstance(tools.administrator, one)), 'running')
    await protect(false)
    assert.equal(await attributeOf(tools, id, 'disableApiTermination'), 'false')
    await protect(true)
    await tools.refuses(terminate(id), refused)
    await protect(false)
    await endInstance(tools, id)
  },
})

const userData: Case = defineCase({
  ...ebs,
  id: 'instances/user-data-is-modified',
  title: 'user-data is changed while the instance is stopped only, and has 16 KB at most',
  async run(tools) {
    const first = base64(tools.name('first'))
    const { id } = await runBlank(tools, { UserData: first })
    const set = (Value: string) => modify(tools, id, { UserData: { Value } })
    await tools.refuses(set(base64('second')), notStopped)
    assert.equal(await attributeOf(tools, id, 'userData'), first)
    await stopInstance(tools, id)
    await set(base64('second'))
    assert.equal(await attributeOf(tools, id, 'userData'), base64('second'))
    await tools.refuses(set(Buffer.alloc(16_385).toString('base64')), refusal('InvalidParameterValue', 400))
    assert.equal(await attributeOf(tools, id, 'userData'), base64('second'))
  },
})

const types: Case = defineCase({
  ...ebs,
  id: 'instances/type-is-modified',
  title: 'the type is changed while the instance is stopped only, to one that there is, and it starts as that',
  covers: ['ModifyInstanceAttribute', 'DescribeInstanceAttribute', 'StartInstances'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { name } = tools.target.instanceType
    // Both clouds have both.
    const other = name === 't2.micro' ? 't2.small' : 't2.micro'
    const { id } = await runBlank(tools)
    const set = (Value: string) => modify(tools, id, { InstanceType: { Value } })
    const shown = () => attributeOf(tools, id, 'instanceType')
    await tools.refuses(set(other), notStopped)
    assert.equal(await shown(), name, 'the type after a change was refused')
    await stopInstance(tools, id)
    await tools.refuses(set('m0.none'), refusal('InvalidInstanceAttributeValue', 400))
    assert.equal(await shown(), name, 'the type after a type that there is not was refused')
    await set(other)
    assert.equal(await shown(), other)
    await ec2.call('StartInstances', { InstanceId: [id] })
    assert.equal(text(await untilRunning(tools, id), 'instanceType'), other)
  },
})

const devices: Case = defineCase({
  ...ebs,
  id: 'instances/ends-of-volumes-are-modified',
  title:
    'whether a volume ends with its instance is changed while that runs; a device that it does not have is refused',
  covers: ['ModifyInstanceAttribute', 'DescribeInstanceAttribute', 'TerminateInstances'],
  async run(tools) {
    const { id, root } = await runBlank(tools)
    const set = (DeviceName: string, Ebs: Parameters) =>
      modify(tools, id, { BlockDeviceMapping: [{ DeviceName, Ebs }] })
    const flag = async () => mappedVolumes(await findInstance(tools.administrator, id))[0]?.deleteOnTermination
    const value = refusal('InvalidInstanceAttributeValue', 400)
    await tools.refuses(set('/dev/sdx', { DeleteOnTermination: true }), value)
    await tools.refuses(set(root.device, { VolumeId: 'vol-00000000', DeleteOnTermination: false }), value)
    assert.equal(await flag(), true)
    await set(root.device, { DeleteOnTermination: false })
    assert.equal(await flag(), false)
    const shown = list(await read(tools, id, 'blockDeviceMapping'), 'blockDeviceMapping')
    const ends = shown.map((one) => text(one, 'ebs', 'deleteOnTermination'))
    assert.deepEqual(ends, ['false'])
    await endInstance(tools, id)
    await untilVolume(tools, root.id, 'available')
  },
})

const shutdown: Case = defineCase({
  ...ebs,
  id: 'instances/shutdown-behaviour',
  title: 'what a power-off of the guest does can be said in AWS; Eucalyptus takes the word and does not heed it',
  needs: ['s3', 'images', 'instance-store', 'ebs'],
  async run(tools) {
    const { id } = await runBlank(tools, { InstanceInitiatedShutdownBehavior: 'terminate' })
    const name = 'instanceInitiatedShutdownBehavior'
    const set = (Value: string) => modify(tools, id, { InstanceInitiatedShutdownBehavior: { Value } })
    assert.equal(await attributeOf(tools, id, name), tools.of({ eucalyptus: 'stop', aws: 'terminate' }))
    await set('stop')
    assert.equal(await attributeOf(tools, id, name), 'stop')
    if (tools.target.fidelity === 'aws') await tools.refuses(set('explode'), refusal('InvalidParameterValue', 400))
    const store = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    const stop = modify(tools, store, { InstanceInitiatedShutdownBehavior: { Value: 'stop' } })
    if (tools.target.fidelity === 'aws') await tools.refuses(stop, refusal('InvalidParameterCombination', 400))
    else assert.equal(text(await stop, 'return'), 'true')
  },
})

/** Switches the check of addresses off, where that can be: without a VPC it is always on. */
async function leaveUnchecked(tools: Tools, id: string): Promise<void> {
  try {
    await modify(tools, id, { SourceDestCheck: { Value: false } })
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === 'UnsupportedOperation')) throw error
  }
}

const resets: Case = defineCase({
  ...ebs,
  id: 'instances/attributes-are-reset',
  title:
    'the check of addresses is reset at any time; a kernel while the instance is stopped; Eucalyptus also undoes protection',
  covers: ['ResetInstanceAttribute', 'ModifyInstanceAttribute', 'DescribeInstanceAttribute', 'StopInstances'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const reset = async (Attribute: string) =>
      text(await ec2.call('ResetInstanceAttribute', { InstanceId: id, Attribute }), 'return')
    await leaveUnchecked(tools, id)
    assert.equal(await reset('sourceDestCheck'), 'true')
    assert.equal(await attributeOf(tools, id, 'sourceDestCheck'), 'true')
    for (const name of ['kernel', 'ramdisk']) await tools.refuses(reset(name), notStopped)
    await stopInstance(tools, id)
    for (const name of ['kernel', 'ramdisk']) {
      assert.equal(await reset(name), 'true')
      assert.equal((await attributeOf(tools, id, name)) ?? '', '', `an image without a ${name} gives one`)
    }
    const protect = (Value: boolean) => modify(tools, id, { DisableApiTermination: { Value } })
    tools.later(`protection of ${id}`, () => protect(false))
    await protect(true)
    if (tools.target.fidelity === 'aws') {
      await tools.refuses(reset('disableApiTermination'), refusal('InvalidParameterValue', 400))
      assert.equal(await attributeOf(tools, id, 'disableApiTermination'), 'true')
      return
    }
    await reset('disableApiTermination')
    assert.equal(await attributeOf(tools, id, 'disableApiTermination'), 'false')
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'instances/attributes-that-cannot-be',
  title: 'attributes that there are not, and those of instances that there are not, are refused',
  async run(tools) {
    const { ec2 } = tools.administrator
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    const notFound = refusal('InvalidInstanceID.NotFound', 400)
    await tools.refuses(read(tools, 'i-00000000', 'instanceType'), notFound)
    const value = { InstanceId: 'i-00000000', DisableApiTermination: { Value: true } }
    await tools.refuses(ec2.call('ModifyInstanceAttribute', value), notFound)
    await tools.refuses(ec2.call('DescribeInstanceAttribute', { InstanceId: id }), {
      // The blank is Eucalyptus' own.
      eucalyptus: refusal(' MissingParameter', 400),
      aws: refusal('MissingParameter', 400),
    })
    const unknown = { eucalyptus: notFound, aws: refusal('InvalidParameterValue', 400) }
    await tools.refuses(read(tools, id, 'colour'), unknown)
  },
})

export default [described, protection, userData, types, devices, shutdown, resets, refusals]
