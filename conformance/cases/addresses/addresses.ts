import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { allocate, findAddress } from '../../addresses.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, findInstance, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const source =
  'eucalyptus-behaviour.md sections 1.5 and 13; AddressManager and Address of Eucalyptus; EC2 API Reference, AllocateAddress and AssociateAddress'
const base = { level: 'MUST', needs: ['addresses'], source, seconds: 2 } as const
const withInstances = {
  ...base,
  needs: ['addresses', 's3', 'images', 'instance-store'],
  seconds: 10,
  cents: 1,
} as const

const addressOf = async (tools: Tools, id: string) => text(await findInstance(tools.administrator, id), 'ipAddress')

const life: Case = defineCase({
  ...base,
  id: 'addresses/allocated-and-released',
  title: 'an allocated address is listed for its account until it is released, and is no other that is held',
  covers: ['AllocateAddress', 'DescribeAddresses', 'ReleaseAddress'],
  smoke: true,
  async run(tools) {
    const { administrator } = tools
    const [{ publicIp, domain, release }, other] = [await allocate(tools), await allocate(tools)]
    assert.match(publicIp, /^\d+\.\d+\.\d+\.\d+$/)
    assert.notEqual(publicIp, other.publicIp)
    const shown = await findAddress(administrator, publicIp)
    if (tools.target.fidelity === 'aws') assert.equal(domain, 'vpc')
    assert.equal(text(shown, 'domain'), domain)
    assert.ok(!text(shown, 'instanceId'))
    assert.equal(text(await release(), 'return'), 'true')
    assert.equal(await findAddress(administrator, publicIp), undefined)
    assert.ok(await findAddress(administrator, other.publicIp))
  },
})

const association: Case = defineCase({
  ...withInstances,
  id: 'addresses/associated-with-an-instance',
  title: 'an instance has the address that it is given, until that is taken, and then another one again',
  covers: ['AssociateAddress', 'DisassociateAddress', 'DescribeAddresses', 'DescribeInstances'],
  async run(tools) {
    const { administrator } = tools
    const { publicIp, associate, disassociate } = await allocate(tools)
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    const before = text(await untilRunning(tools, id), 'ipAddress')
    await associate(id)
    const untilHas = (what: string, fits: (address: string | undefined) => boolean) =>
      tools.until(what, () => addressOf(tools, id), fits)
    await untilHas(`${publicIp} at ${id}`, (address) => address === publicIp)
    assert.equal(text(await findAddress(administrator, publicIp), 'instanceId'), id)
    assert.notEqual(before, publicIp)
    await disassociate()
    // One that had none of its own has none again.
    const hasOne = (address: string | undefined) => /^[1-9]/.test(address ?? '')
    const isAnother = (address: string | undefined) => address !== publicIp && hasOne(address) === hasOne(before)
    await untilHas(`another address of ${id}`, isAnother)
    assert.ok(!text(await findAddress(administrator, publicIp), 'instanceId'))
  },
})

const moves: Case = defineCase({
  ...withInstances,
  id: 'addresses/moves-to-another-instance',
  title: 'an address that is given to another instance leaves the first, and is free when its instance has ended',
  covers: ['AssociateAddress', 'DescribeAddresses', 'TerminateInstances'],
  async run(tools) {
    const { administrator } = tools
    const { publicIp, associate } = await allocate(tools)
    const look = async () => text(await findAddress(administrator, publicIp), 'instanceId')
    const ImageId = await registerRandomImage(tools)
    const ids = [await runInstance(tools, { ImageId }), await runInstance(tools, { ImageId })]
    for (const id of ids) {
      await untilRunning(tools, id)
      await associate(id)
      await tools.until(`${publicIp} at ${id}`, look, (instance) => instance === id)
    }
    const [first = '', second = ''] = ids
    const untilHas = (what: string, id: string, fits: (address: string | undefined) => boolean) =>
      tools.until(what, () => addressOf(tools, id), fits)
    await untilHas(`another address of ${first}`, first, (address) => address !== publicIp)
    await untilHas(`${publicIp} at ${second}`, second, (address) => address === publicIp)
    await endInstance(tools, second)
    await tools.until(`${publicIp} without an instance`, look, (id) => !id)
  },
})

const inUse: Case = defineCase({
  ...withInstances,
  id: 'addresses/released-while-in-use',
  title: 'an address is taken from its instance when it is released; in a VPC, as in all of AWS, that is refused',
  covers: ['ReleaseAddress', 'AssociateAddress', 'DescribeAddresses'],
  async run(tools) {
    const { administrator } = tools
    const { publicIp, domain, associate, release } = await allocate(tools)
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    await associate(id)
    if (domain === 'vpc') {
      await tools.refuses(release(), refusal('InvalidIPAddress.InUse', 400))
      assert.equal(text(await findAddress(administrator, publicIp), 'instanceId'), id)
      return
    }
    await release()
    assert.equal(await findAddress(administrator, publicIp), undefined)
    await tools.until(
      `another address of ${id}`,
      () => addressOf(tools, id),
      (address) => address !== publicIp,
    )
  },
})

const refusals: Case = defineCase({
  ...withInstances,
  id: 'addresses/refusals',
  title: 'addresses that nobody has, no address at all, and instances that have ended are refused',
  covers: ['AssociateAddress', 'DisassociateAddress', 'ReleaseAddress', 'DescribeAddresses'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const { publicIp, name } = await allocate(tools)
    const ended = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await endInstance(tools, ended)
    const [nobody, association] = tools.of({
      eucalyptus: [{ PublicIp: '192.0.2.1' }, { PublicIp: '192.0.2.1' }],
      aws: [{ AllocationId: 'eipalloc-00000000' }, { AssociationId: 'eipassoc-00000000' }],
    })
    const unknown = {
      eucalyptus: refusal('InvalidAddressID.NotFound', 400),
      aws: refusal('InvalidAllocationID.NotFound', 400),
    }
    await tools.refuses(ec2.call('ReleaseAddress', nobody), unknown)
    await tools.refuses(ec2.call('DisassociateAddress', association), {
      ...unknown,
      aws: refusal('InvalidAssociationID.NotFound', 400),
    })
    await tools.refuses(ec2.call('AssociateAddress', { ...nobody, InstanceId: ended }), unknown)
    await tools.refuses(ec2.call('ReleaseAddress'), refusal('MissingParameter', 400))
    const give = (InstanceId: string) => ec2.call('AssociateAddress', { ...name, InstanceId })
    await tools.refuses(give('i-00000000'), refusal('InvalidInstanceID.NotFound', 400))
    await tools.refuses(give(ended), refusal('InvalidInstanceID', 400))
    assert.ok(!text(await findAddress(tools.administrator, publicIp), 'instanceId'))
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'addresses/belong-to-an-account',
  title: "another account's address is neither seen nor released",
  covers: ['DescribeAddresses', 'ReleaseAddress'],
  needs: ['addresses', 'two-accounts'],
  async run(tools) {
    const { publicIp, name } = await allocate(tools)
    assert.equal(await findAddress(tools.user, publicIp), undefined)
    await assert.rejects(tools.user.ec2.call('ReleaseAddress', name), { name: 'ServiceError' })
    assert.ok(await findAddress(tools.administrator, publicIp))
  },
})

export default [life, association, moves, inUse, refusals, owners]
