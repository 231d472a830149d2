import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { runFromVolumes } from '../../ebs-instances.ts'
import { reportOf } from '../../guest.ts'
import { snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { registerSnapshot, rootDevice } from '../../images.ts'
import { endInstance, findInstance, untilState } from '../../instances.ts'
import { untilDeleted, untilVolume } from '../../volumes.ts'

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
    const SnapshotId = await snapshotOfAGuestsDisk(tools)
    const image = { ImageId: await registerSnapshot(tools, SnapshotId), SnapshotId }
    const first = await runFromVolumes(tools, image)
    assert.equal(text(await findInstance(tools.administrator, first.id), 'rootDeviceType'), 'ebs')
    // The builder's first boot is in the copy.
    const { disks } = await reportOf(tools, first.id, { bootCount: 2 })
    assert.equal(disks[0]?.bytes, 2 ** 30, 'the root has the size of its snapshot, not that of the type')
    await ec2.call('StopInstances', { InstanceId: [first.id] })
    await untilState(tools, first.id, 'stopped')
    await ec2.call('StartInstances', { InstanceId: [first.id] })
    const keeping = { DeviceName: rootDevice(tools), Ebs: { DeleteOnTermination: false } }
    const second = await runFromVolumes(tools, image, { BlockDeviceMapping: [keeping] })
    await reportOf(tools, second.id, { bootCount: 2 })
    await reportOf(tools, first.id, { bootCount: 3 })
    for (const { id } of [first, second]) await endInstance(tools, id)
    await untilDeleted(tools, first.root.id)
    // A root with DeleteOnTermination false outlives its instance.
    await untilVolume(tools, second.root.id, 'available')
  },
})
