import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { defineCase } from '../../case.ts'
import { bootLineOf, reportOf } from '../../guest.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { starterImage, withFreshNonce } from '../../starter.ts'

/** The SHA-256 of a file's first MiB, as the guest takes it of each disk. */
async function sha256OfFirstMiB(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 ** 20), 0, 2 ** 20, 0)
    return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')
  } finally {
    await file.close()
  }
}

export default defineCase({
  id: 'hvm/boots-registered-bytes',
  title:
    'an HVM image that was bundled, uploaded and registered boots from its own loader, with the bytes it was given',
  level: 'MUST',
  covers: ['PutObject', 'RegisterImage', 'RunInstances', 'DescribeInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm'],
  source:
    'eucalyptus-behaviour.md sections 6.1 and 6.2: disk vda of the size of the type, SMBIOS serial and uuid of ec2',
  seconds: 20,
  cents: 1,
  smoke: true,
  async run(tools) {
    const { files, bootLine } = await starterImage('hvm')
    const { file, nonce } = await withFreshNonce(tools, files.disk)
    const { location } = await uploadBundle(tools, { image: file })
    const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    // A guest without a network cannot read its user-data: that it arrives is asserted where there is one.
    const UserData = Buffer.from(nonce).toString('base64')
    const id = await runInstance(tools, { ImageId, UserData })
    await untilRunning(tools, id)
    const { disks, dmi, ...report } = await reportOf(tools, id)
    assert.equal(report.nonce, nonce, 'the guest runs other bytes than those that were registered')
    const [root] = disks
    assert.ok(root, 'the guest has no disk')
    assert.equal(
      root.sha256FirstMiB,
      await sha256OfFirstMiB(file),
      'the first MiB of the root is not that of the image',
    )
    if (tools.target.fidelity === 'eucalyptus') {
      assert.equal(root.name, 'vda')
      assert.equal(root.bytes, tools.target.instanceType.diskGiB * 2 ** 30, 'vda does not have the size of the type')
      assert.match(root.serial, /^euca-bdm-/)
    }
    assert.match(dmi.productUuid, /^ec2/i)
    assert.equal(dmi.productSerial.toLowerCase(), dmi.productUuid.toLowerCase())
    await bootLineOf(tools, id, bootLine)
  },
})
