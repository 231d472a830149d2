import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { resultOf, userDataScript } from '../../guest.ts'
import { findDisk, serialOf } from '../../guest-disk.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { registerStarter } from '../../starter.ts'
import { attachVolume, detachVolume, makeSnapshot, makeVolume, untilDeleted } from '../../volumes.ts'

/**
 * Writes on a volume when it comes, and again when the sign for it has come; reads the disk that comes when the volume has
 * gone, all by their serial numbers but for the last, which is made later.
 */
const scriptOf = (volume: string, sign: string) =>
  userDataScript(
    ...[findDisk, `find_disk ${volume}; first=$disk`],
    'echo first | dd of=$first conv=notrunc,fsync; result first $?',
    `find_disk ${sign}`,
    'echo other | dd of=$first conv=notrunc,fsync; result other $?',
    'while [ -b $first ]; do usleep 100000; done',
    'old=$(ls /sys/block); result gone',
    'until disk=$(ls /sys/block | grep -vxF "$old"); do usleep 100000; done',
    'until head -c 1 /dev/$disk > /dev/null 2>&1; do usleep 100000; done',
    'result copy $(head -c 5 /dev/$disk)',
  )

export default defineCase({
  id: 'ebs/snapshot-stays-as-it-was',
  title:
    'what is written on a volume after its snapshot was taken is not on a volume that is made of the snapshot; that keeps its bytes when volume and snapshot are deleted',
  level: 'MUST',
  covers: [
    ...['CreateSnapshot', 'CreateVolume', 'AttachVolume', 'DetachVolume', 'RunInstances'],
    ...['DeleteVolume', 'DeleteSnapshot'],
  ],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md section 7.2 (a snapshot is the volume at one instant, and both stand on their own)',
  seconds: 40,
  cents: 2,
  async run(tools) {
    const [volume, sign] = [await makeVolume(tools), await makeVolume(tools)]
    const { ec2 } = tools.administrator
    const UserData = scriptOf(serialOf(tools, volume), serialOf(tools, sign))
    const id = await runInstance(tools, { ImageId: await registerStarter(tools, 'hvm'), UserData })
    await untilRunning(tools, id)
    await attachVolume(tools, volume, id, '/dev/sdf')
    assert.equal(await resultOf(tools, id, 'first'), '0')
    const SnapshotId = await makeSnapshot(tools, volume)
    await attachVolume(tools, sign, id, '/dev/sdg')
    assert.equal(await resultOf(tools, id, 'other'), '0')
    await detachVolume(tools, volume)
    await resultOf(tools, id, 'gone')
    await ec2.call('DeleteVolume', { VolumeId: volume })
    await untilDeleted(tools, volume)
    const made = await makeVolume(tools, { SnapshotId })
    await ec2.call('DeleteSnapshot', { SnapshotId })
    await attachVolume(tools, made, id, '/dev/sdh')
    const copied = await resultOf(tools, id, 'copy')
    await endInstance(tools, id)
    assert.equal(copied, 'first', 'the snapshot has what was written after it')
  },
})
