import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { registerSnapshot } from '../../images.ts'
import { endInstance, runInstance, untilRunning, untilState } from '../../instances.ts'
import type { Tools } from '../../tools.ts'
import { deleteLater, findVolume, untilDeleted } from '../../volumes.ts'

/** Runs an instance from a volume and gives it with that volume. */
async function runFromVolume(tools: Tools, parameters: Parameters): Promise<{ id: string; root: string }> {
  const id = await runInstance(tools, parameters)
  const instance = await untilRunning(tools, id)
  assert.equal(text(instance, 'rootDeviceType'), 'ebs')
  const root = text(list(instance, 'blockDeviceMapping')[0], 'ebs', 'volumeId') ?? ''
  deleteLater(tools, root)
  return { id, root }
}

export default defineCase({
  id: 'ebs/boots-from-a-snapshot',
  title:
    'an image of a snapshot boots; a stop keeps what its guest wrote, another instance begins anew, roots end as told',
  level: 'MUST',
  covers: ['RegisterImage', 'RunInstances', 'StopInstances', 'StartInstances', 'CreateSnapshot', 'TerminateInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source:
    'eucalyptus-behaviour.md sections 5.2 (stop and start), 5.4 (disk fate), 7.2 and 15 (BDM 1); node.md section 4',
  seconds: 60,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const ImageId = await registerSnapshot(tools, await snapshotOfAGuestsDisk(tools))
    const first = await runFromVolume(tools, { ImageId })
    // The builder's first boot is in the copy.
    const { disks } = await reportOf(tools, first.id, { bootCount: 2 })
    assert.equal(disks[0]?.bytes, 2 ** 30, 'the root has the size of its snapshot, not that of the type')
    await ec2.call('StopInstances', { InstanceId: [first.id] })
    await untilState(tools, first.id, 'stopped')
    await ec2.call('StartInstances', { InstanceId: [first.id] })
    const keeping = { DeviceName: '/dev/sda', Ebs: { DeleteOnTermination: false } }
    const second = await runFromVolume(tools, { ImageId, BlockDeviceMapping: [keeping] })
    await reportOf(tools, second.id, { bootCount: 2 })
    await reportOf(tools, first.id, { bootCount: 3 })
    for (const { id } of [first, second]) await endInstance(tools, id)
    await untilDeleted(tools, first.root)
    const kept = text(await findVolume(tools, second.root), 'status')
    assert.equal(kept, 'available', 'a root with DeleteOnTermination false did not outlive its instance')
  },
})
