import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { findInstance, runInstance, untilRunning } from '../../instances.ts'
import { registerStarter } from '../../starter.ts'

const count = 10

export default defineCase({
  id: 'metadata/of-each-instance',
  title: 'ten instances at once read their own metadata and user-data, and have the addresses that are shown',
  level: 'MUST',
  covers: ['RunInstances', 'DescribeInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual', 'network'],
  source: 'eucalyptus-behaviour.md sections 6.7 and 6.8; invariant: identity by the port of the switch',
  seconds: 60,
  cents: 2,
  async run(tools) {
    const ImageId = await registerStarter(tools, 'paravirtual')
    const nonces = Array.from({ length: count }, () => tools.name('user-data'))
    const ids = await Promise.all(
      nonces.map((nonce) => runInstance(tools, { ImageId, UserData: Buffer.from(nonce).toString('base64') })),
    )
    const addresses = new Set<string>()
    for (const [index, id] of ids.entries()) {
      await untilRunning(tools, id)
      const { metadata, network, userData } = await reportOf(tools, id)
      const shown = await findInstance(tools.administrator, id)
      const address = text(shown, 'privateIpAddress') ?? ''
      const said = ['instance-id', 'ami-id', 'local-ipv4', 'public-ipv4'].map((name) => metadata?.[`meta-data/${name}`])
      assert.deepEqual(said, [id, ImageId, address, text(shown, 'ipAddress')])
      assert.equal(userData, nonces[index], `${id} reads other user-data than its own`)
      const own = network.flatMap((card) => card.addresses).map((one) => one.replace(/\/.*/, ''))
      assert.ok(own.includes(address), `${id} has ${own}, but is shown with ${address}`)
      addresses.add(address)
    }
    assert.equal(addresses.size, count, 'instances share an address')
  },
})
