import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { runBlank } from '../../ebs-instances.ts'
import { consoleOf } from '../../guest.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, findInstance, notTheirs, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const base = {
  level: 'MUST',
  needs: ['s3', 'images', 'instance-store'],
  seconds: 8,
  cents: 1,
} as const
const ebs = { ...base, needs: ['ebs'], seconds: 12 } as const

const status: Case = defineCase({
  ...ebs,
  id: 'instances/status',
  title: 'the status of instances that run is told, and that of all others when it is asked for',
  covers: ['DescribeInstanceStatus'],
  source: 'eucalyptus-behaviour.md section 5.5; EC2 API Reference, DescribeInstanceStatus',
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const look = async (IncludeAllInstances: boolean) => {
      const answer = await ec2.call('DescribeInstanceStatus', { InstanceId: [id], IncludeAllInstances })
      return list(answer, 'instanceStatusSet')
    }
    const told = (one: Xml | undefined) => [
      text(one, 'instanceId'),
      text(one, 'instanceState', 'name'),
      text(one, 'availabilityZone'),
    ]
    // AWS begins to look when the instance runs, and takes some minutes to its first word.
    const isChecked = ([one]: Xml[]) => text(one, 'systemStatus', 'status') === 'ok'
    const [running, ...others] = await tools.until(`the status of ${id}`, () => look(false), isChecked, 300)
    assert.deepEqual([told(running), others], [[id, 'running', tools.target.zone], []])
    assert.equal(text(list(running, 'systemStatus', 'details')[0], 'status'), 'passed')
    // Eucalyptus does not look at the guest; in AWS one of random bytes does not answer.
    const guest = text(running, 'instanceStatus', 'status') ?? ''
    assert.ok(tools.of({ eucalyptus: ['ok'], aws: ['ok', 'initializing', 'impaired'] }).includes(guest), guest)
    await endInstance(tools, id)
    await tools.until(
      `no status of ${id}`,
      () => look(false),
      (all) => all.length === 0,
    )
    assert.deepEqual((await look(true)).map(told), [[id, 'terminated', tools.target.zone]])
    const nobody = ec2.call('DescribeInstanceStatus', { InstanceId: ['i-00000000'] })
    await tools.refuses(nobody, refusal('InvalidInstanceID.NotFound', 400))
  },
})

const password: Case = defineCase({
  ...base,
  id: 'instances/password-data',
  title: 'the password of an instance is empty until its guest has told one; Eucalyptus has none of one that has ended',
  covers: ['GetPasswordData'],
  source: 'eucalyptus-behaviour.md section 5.5; EC2 API Reference, GetPasswordData',
  async run(tools) {
    const { ec2 } = tools.administrator
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    const ask = (InstanceId: string) => ec2.call('GetPasswordData', { InstanceId })
    const answer = await ask(id)
    assert.deepEqual([text(answer, 'instanceId'), text(answer, 'passwordData') ?? ''], [id, ''])
    assert.ok(text(answer, 'timestamp'))
    await tools.refuses(ask('i-00000000'), refusal('InvalidInstanceID.NotFound', 400))
    await endInstance(tools, id)
    if (tools.target.fidelity === 'aws') assert.equal(text(await ask(id), 'passwordData') ?? '', '')
    else await tools.refuses(ask(id), refusal('InternalFailure', 500, /not in a running state/))
  },
})

const screenshot: Case = defineCase({
  ...ebs,
  id: 'instances/console-screenshot',
  title:
    'the screen of an instance can be asked for while it runs; a Eucalyptus that draws none answers without a picture',
  level: 'MAY',
  covers: ['GetConsoleScreenshot'],
  source: 'EC2 API Reference, GetConsoleScreenshot; eucalyptus-behaviour.md section 5.5',
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools)
    const ask = (InstanceId: string) => ec2.call('GetConsoleScreenshot', { InstanceId })
    const answer = await ask(id)
    assert.equal(text(answer, 'instanceId'), id)
    const picture = text(answer, 'imageData')
    if (picture === undefined && tools.target.fidelity === 'eucalyptus') return
    assert.ok(picture, 'there is no picture')
    await tools.refuses(ask('i-00000000'), refusal('InvalidInstanceID.NotFound', 400))
  },
})

const console: Case = defineCase({
  ...base,
  id: 'instances/console-output',
  title: 'the console of an instance is told with the time of it, to its account only',
  covers: ['GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'two-accounts'],
  source: 'eucalyptus-behaviour.md section 5.5; EC2 API Reference, GetConsoleOutput',
  async run(tools) {
    const { ec2 } = tools.administrator
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    const answer = await ec2.call('GetConsoleOutput', { InstanceId: id })
    assert.equal(text(answer, 'instanceId'), id)
    assert.ok(!Number.isNaN(Date.parse(text(answer, 'timestamp') ?? '')), 'no time')
    await tools.refuses(consoleOf(tools.user, id), notTheirs)
  },
})

const options: Case = defineCase({
  ...ebs,
  id: 'instances/metadata-options',
  title: 'AWS lets an account say how the metadata of an instance is read; to Eucalyptus that is no action',
  covers: ['ModifyInstanceMetadataOptions', 'RunInstances', 'DescribeInstances'],
  source: 'EC2 API Reference, ModifyInstanceMetadataOptions; eucalyptus-behaviour.md section 1.2',
  async run(tools) {
    const { ec2 } = tools.administrator
    // What AWS does when nobody says so is up to the account, the region and the image.
    const said = tools.of({ eucalyptus: {}, aws: { MetadataOptions: { HttpTokens: 'optional' } } })
    const { id } = await runBlank(tools, said)
    const modify = () => ec2.call('ModifyInstanceMetadataOptions', { InstanceId: id, HttpTokens: 'required' })
    if (tools.target.fidelity === 'eucalyptus') {
      await tools.refuses(modify(), refusal('400 Bad Request', 400))
      return
    }
    const look = async () => text(await findInstance(tools.administrator, id), 'metadataOptions', 'httpTokens')
    assert.equal(await look(), 'optional')
    assert.equal(text(await modify(), 'instanceMetadataOptions', 'httpTokens'), 'required')
    await tools.until(`${id} wants tokens`, look, (tokens) => tokens === 'required')
  },
})

const monitoring: Case = defineCase({
  ...ebs,
  id: 'instances/monitoring',
  title: 'an instance is monitored closely from its launch on or later, and shows it; it can be taken back',
  covers: ['MonitorInstances', 'UnmonitorInstances', 'RunInstances', 'DescribeInstances'],
  source: 'eucalyptus-behaviour.md section 13; EC2 API Reference, MonitorInstances and UnmonitorInstances',
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id } = await runBlank(tools, { Monitoring: { Enabled: true } })
    const look = async () => text(await findInstance(tools.administrator, id), 'monitoring', 'state')
    const untilIs = (state: string) => tools.until(`${id} ${state}`, look, (seen) => seen === state)
    await untilIs('enabled')
    const change = async (action: string) => {
      const [changed] = list(await ec2.call(action, { InstanceId: [id] }), 'instancesSet')
      return [text(changed, 'instanceId'), text(changed, 'monitoring', 'state')]
    }
    assert.deepEqual(await change('UnmonitorInstances'), [id, tools.of({ eucalyptus: 'disabled', aws: 'disabling' })])
    await untilIs('disabled')
    assert.deepEqual(await change('MonitorInstances'), [id, tools.of({ eucalyptus: 'enabled', aws: 'pending' })])
    await untilIs('enabled')
    const nobody = ec2.call('MonitorInstances', { InstanceId: ['i-00000000'] })
    if (tools.target.fidelity === 'aws') await tools.refuses(nobody, refusal('InvalidInstanceID.NotFound', 400))
    else assert.deepEqual(list(await nobody, 'instancesSet'), [])
  },
})

export default [monitoring, status, password, screenshot, console, options]
