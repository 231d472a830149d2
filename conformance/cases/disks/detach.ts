import assert from 'node:assert/strict'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { reportOf, resultOf, userDataScript } from '../../guest.ts'
import { findDisk, serialOf } from '../../guest-disk.ts'
import { registerRandomImage } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import { registerStarter } from '../../starter.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, detachVolume, findVolume, makeVolume, untilVolume } from '../../volumes.ts'

/** What the guest does with a volume each time that it is given it: it mounts it, and writes for as long as it is there. */
const writes = (serial: string) => [
  findDisk,
  'round=0; while round=$((round + 1)); do',
  `find_disk ${serial}`,
  '[ $round = 1 ] && mke2fs $disk',
  'mount -t ext4 $disk /mnt; result mounted-$round $?',
  'result kept-$round $(cat /mnt/first); echo round $round > /mnt/first; sync; result busy-$round',
  'while [ -b $disk ]; do echo more >> /mnt/file; sync; done',
  'umount /mnt; result gone-$round $?',
  'done',
]

/** Takes a volume by force. */
async function detachByForce(tools: Tools, VolumeId: string): Promise<void> {
  await tools.administrator.ec2.call('DetachVolume', { VolumeId, Force: true })
  await untilVolume(tools, VolumeId, 'available')
}

const mounted = defineCase({
  id: 'disks/detach-mounted',
  title:
    'a volume that a guest writes is taken out, asked for, by force and after a reboot, and keeps what was flushed',
  level: 'MUST',
  covers: ['RunInstances', 'AttachVolume', 'DetachVolume', 'RebootInstances', 'DescribeVolumes'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 6.5, 7.2 (detach) and 15 (reboot)',
  seconds: 60,
  cents: 2,
  async run(tools) {
    const { ec2 } = tools.administrator
    const volume = await makeVolume(tools)
    const ImageId = await registerStarter(tools, 'hvm')
    const id = await runInstance(tools, { ImageId, UserData: userDataScript(...writes(serialOf(tools, volume))) })
    await untilRunning(tools, id)
    // A type may have more disks than the root.
    const own = (await reportOf(tools, id)).disks.length
    const kept = ['', 'round 1']
    for (const [index, detach] of [detachVolume, detachByForce].entries()) {
      const round = index + 1
      await attachVolume(tools, volume, id, '/dev/sdf')
      assert.equal(await resultOf(tools, id, `mounted-${round}`), '0')
      assert.equal(await resultOf(tools, id, `kept-${round}`), kept[index])
      await resultOf(tools, id, `busy-${round}`)
      await detach(tools, volume)
      await resultOf(tools, id, `gone-${round}`)
    }
    await attachVolume(tools, volume, id, '/dev/sdf')
    assert.equal(await resultOf(tools, id, 'kept-3'), 'round 2')
    await ec2.call('RebootInstances', { InstanceId: [id] })
    const { disks } = await reportOf(tools, id, { bootCount: 2 })
    assert.equal(disks.length, own + 1, 'the reboot took the volume out')
    assert.equal(text(list(await findVolume(tools, volume), 'attachmentSet')[0], 'status'), 'attached')
    await detachVolume(tools, volume)
    await ec2.call('RebootInstances', { InstanceId: [id] })
    assert.equal((await reportOf(tools, id, { bootCount: 3 })).disks.length, own, 'the reboot brought the volume back')
    await endInstance(tools, id)
  },
})

const deaf = defineCase({
  id: 'disks/detach-deaf',
  title: 'a guest that does not let go of a volume keeps it, until it is taken by force',
  level: 'MUST',
  covers: ['RunInstances', 'AttachVolume', 'DetachVolume', 'DescribeVolumes'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 6.5 (detaching_failed, force) and 7.2',
  seconds: 60,
  cents: 2,
  async run(tools) {
    const { ec2 } = tools.administrator
    const volume = await makeVolume(tools)
    // A disk that boots nothing: there is nobody in this machine who could let go.
    const id = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, id)
    await attachVolume(tools, volume, id, '/dev/sdf')
    await ec2.call('DetachVolume', { VolumeId: volume })
    const failed = tools.of({ eucalyptus: 'detaching_failed', aws: 'busy' })
    const statusOf = (seen: Xml | undefined) => text(list(seen, 'attachmentSet')[0], 'status')
    await tools.until(
      `${volume} ${failed}`,
      () => findVolume(tools, volume),
      (seen) => statusOf(seen) === failed,
      60,
    )
    const other = await runInstance(tools, { ImageId: await registerStarter(tools, 'hvm') })
    await untilRunning(tools, other)
    const own = (await reportOf(tools, other)).disks.length
    const attach = { VolumeId: volume, InstanceId: other, Device: '/dev/sdf' }
    await tools.refuses(ec2.call('AttachVolume', attach), refusal('VolumeInUse', 400))
    await detachByForce(tools, volume)
    await attachVolume(tools, volume, other, '/dev/sdf')
    await ec2.call('RebootInstances', { InstanceId: [other] })
    assert.equal((await reportOf(tools, other, { bootCount: 2 })).disks.length, own + 1)
    await endInstance(tools, id)
    await endInstance(tools, other)
    await untilVolume(tools, volume, 'available')
  },
})

const cases: Case[] = [mounted, deaf]
export default cases
