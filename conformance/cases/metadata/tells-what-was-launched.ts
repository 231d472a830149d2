import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { reportOf } from '../../guest.ts'
import { findInstance, runInstance, untilRunning } from '../../instances.ts'
import { sshLine } from '../../key-pairs.ts'
import { registerStarter } from '../../starter.ts'

export default defineCase({
  id: 'metadata/tells-what-was-launched',
  title: 'two instances, one after the other, read what each was launched with: ids, type, group, key and user-data',
  level: 'MUST',
  covers: ['RunInstances', 'CreateKeyPair', 'CreateSecurityGroup', 'DescribeInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'key-pairs', 'security-groups'],
  source: 'eucalyptus-behaviour.md sections 5.5, 6.7 and 6.8 (metadata and user-data)',
  seconds: 40,
  cents: 2,
  async run(tools) {
    const { ec2 } = tools.administrator
    const KeyName = tools.name('key')
    const material = text(await ec2.call('CreateKeyPair', { KeyName }), 'keyMaterial') ?? ''
    tools.later(`key pair ${KeyName}`, () => ec2.call('DeleteKeyPair', { KeyName }))
    const group = await makeGroup(tools)
    const ImageId = await registerStarter(tools, 'hvm')
    const { name: InstanceType } = tools.target.instanceType
    for (const key of [KeyName, undefined]) {
      const sentence = tools.name('user-data')
      const UserData = Buffer.from(sentence).toString('base64')
      const asked = { ImageId, InstanceType, UserData, SecurityGroup: [group.name], ...(key && { KeyName: key }) }
      const id = await runInstance(tools, asked)
      await untilRunning(tools, id)
      const { metadata, userData, network } = await reportOf(tools, id)
      const address = text(await findInstance(tools.administrator, id), 'privateIpAddress')
      const read = (name: string) => metadata?.[`meta-data/${name}`]
      assert.equal(read('instance-id'), id, 'the guest reads the id of another instance')
      assert.equal(userData, sentence, 'the guest reads other user-data than its own')
      assert.equal(read('ami-id'), ImageId, 'the guest reads the id of another image')
      assert.equal(read('local-ipv4'), address, 'the guest reads an address that is not shown')
      const own = network.flatMap(({ addresses }) => addresses.map((one) => one.replace(/\/.*/, '')))
      assert.ok(own.includes(address ?? ''), `the guest has ${own}, and not ${address}`)
      assert.deepEqual(['instance-type', 'security-groups'].map(read), [InstanceType, group.name])
      // A comment may follow.
      const line = read('public-keys/0/openssh-key')?.split(/\s+/, 2).join(' ')
      const expected = key && sshLine(createPublicKey(material))
      assert.equal(line, expected, 'the guest does not read the public key that it was launched with, and no other')
    }
  },
})
