import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { type EbsInstance, runFromVolumes } from '../../ebs-instances.ts'
import { snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { registerSnapshot } from '../../images.ts'
import { endInstance, untilRunning, untilState } from '../../instances.ts'
import { blank, type Marks, markingGuest, marksOf, missing } from '../../marks.ts'
import type { Tools } from '../../tools.ts'
import { detachVolume, findVolume, makeVolume, untilDeleted, untilVolume } from '../../volumes.ts'

/** Names of the disks by their sizes: one of the launch, one that is plugged in later. */
const [mapped, plugged] = ['2GiB', '3GiB']

/** What the guest does at its boots, and what happens between them. */
const guest = markingGuest({ 1: 'another; mark $new', 2: 'reboot', 4: 'another; poweroff' })

/** Runs an instance from a snapshot with a volume and an ephemeral disk mapped. */
async function launch(tools: Tools): Promise<EbsInstance> {
  const SnapshotId = await snapshotOfAGuestsDisk(tools)
  const image = { ImageId: await registerSnapshot(tools, SnapshotId), SnapshotId }
  const BlockDeviceMapping = [
    { DeviceName: '/dev/sdb', Ebs: { VolumeSize: 2, DeleteOnTermination: false } },
    { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
  ]
  return runFromVolumes(tools, image, { BlockDeviceMapping, UserData: guest })
}

async function start(tools: Tools, id: string): Promise<void> {
  await untilState(tools, id, 'stopped')
  await tools.administrator.ec2.call('StartInstances', { InstanceId: [id] })
  await untilRunning(tools, id)
}

export default defineCase({
  id: 'disks/ebs',
  title: 'root and volumes keep their bytes over reboot, stop and power-off; an ephemeral disk only over reboots',
  level: 'MUST',
  covers: ['RunInstances', 'RebootInstances', 'StopInstances', 'StartInstances', 'AttachVolume', 'DetachVolume'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 5.4 (disk fate) and 15 (BDM 3, 8, 9, 12)',
  seconds: 90,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const ephemeral = `${tools.target.instanceType.diskGiB}GiB`
    const hot = await makeVolume(tools, { Size: 3 })
    const attach = (InstanceId: string) => ec2.call('AttachVolume', { VolumeId: hot, InstanceId, Device: '/dev/sdf' })
    const { id, root, volumes } = await launch(tools)
    const { saw } = await marksOf(tools, id, 1, 3)
    assert.deepEqual(saw, { [mapped]: blank, [ephemeral]: blank, root: missing }, 'a new instance')
    await attach(id)
    const first = await marksOf(tools, id, 1, 4)
    const changes = async (what: string, boot: number, before: Marks, lost: Marks = {}) => {
      const found = await marksOf(tools, id, boot, 4)
      assert.deepEqual(found.saw, { ...before, ...lost }, `${what}: other bytes than those that it keeps`)
      return found.left
    }
    await ec2.call('RebootInstances', { InstanceId: [id] })
    const second = await changes('RebootInstances', 2, first.left)
    const third = await changes('a reboot by the guest', 3, second)
    await ec2.call('StopInstances', { InstanceId: [id] })
    await untilState(tools, id, 'stopped')
    assert.equal(text(await findVolume(tools, hot), 'status'), 'in-use', 'a stopped instance lost a volume')
    await detachVolume(tools, hot)
    await start(tools, id)
    // With the volume plugged in again, the guest powers off; then the volume is there from the start.
    const { [plugged]: kept, ...others } = third
    const fourth = await marksOf(tools, id, 4, 3)
    assert.deepEqual(fourth.saw, { ...others, [ephemeral]: blank }, 'a stop and a start')
    await attach(id)
    await start(tools, id)
    const fifth = await marksOf(tools, id, 5, 4)
    assert.deepEqual(fifth.saw, { ...fourth.left, [plugged]: kept, [ephemeral]: blank }, 'a power-off by the guest')
    await endInstance(tools, id)
    await untilDeleted(tools, root.id)
    const data = volumes.filter((volume) => volume.id !== root.id).map((volume) => volume.id)
    assert.equal(data.length, 1)
    for (const volume of [...data, hot]) await untilVolume(tools, volume, 'available')
  },
})
