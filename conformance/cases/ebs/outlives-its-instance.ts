import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { bootLineOf, reportOf, resultOf, userDataScript } from '../../guest.ts'
import { findDisk, serialOf } from '../../guest-disk.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { registerStarter, starterImage } from '../../starter.ts'
import { attachVolume, makeSnapshot, makeVolume, untilVolume } from '../../volumes.ts'

export default defineCase({
  id: 'ebs/outlives-its-instance',
  title: 'a volume plugged into a running guest has its serial; a file on it, and on a copy by a snapshot, outlives it',
  level: 'MUST',
  covers: ['CreateVolume', 'AttachVolume', 'DescribeVolumes', 'CreateSnapshot', 'RunInstances', 'TerminateInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 6.2 (serials, of which virtio shows 20 bytes) and 7.2',
  seconds: 40,
  cents: 1,
  smoke: true,
  async run(tools) {
    const { bootLine } = await starterImage('hvm')
    const ImageId = await registerStarter(tools, 'hvm')
    const volume = await makeVolume(tools)
    const sentence = tools.name('sentence')
    const write = [
      `find_disk ${serialOf(tools, volume)}`,
      `result size $(cat /sys/block/\${disk#/dev/}/size)`,
      `mke2fs $disk && mount -t ext4 $disk /mnt && echo ${sentence} > /mnt/file && umount /mnt && sync`,
      'result written $?',
    ]
    const first = await runInstance(tools, { ImageId, UserData: userDataScript(findDisk, ...write) })
    await untilRunning(tools, first)
    const serials = (await reportOf(tools, first)).disks.map(({ serial }) => serial)
    await bootLineOf(tools, first, bootLine)
    assert.ok(!serials.includes(serialOf(tools, volume)), 'the guest has a volume that was not attached yet')
    await attachVolume(tools, volume, first, '/dev/sdf')
    assert.equal(await resultOf(tools, first, 'size'), String(2 ** 30 / 512))
    assert.equal(await resultOf(tools, first, 'written'), '0', 'the guest could not write on the volume')
    const copy = await makeVolume(tools, { SnapshotId: await makeSnapshot(tools, volume) })
    await endInstance(tools, first)
    await untilVolume(tools, volume, 'available')
    const read = [volume, copy].flatMap((id) => [
      `find_disk ${serialOf(tools, id)}`,
      'mount -t ext4 $disk /mnt',
      `result ${id} $(cat /mnt/file)`,
      'umount /mnt',
    ])
    const second = await runInstance(tools, { ImageId, UserData: userDataScript(findDisk, ...read) })
    await untilRunning(tools, second)
    await attachVolume(tools, volume, second, '/dev/sdf')
    await attachVolume(tools, copy, second, '/dev/sdg')
    for (const id of [volume, copy]) assert.equal(await resultOf(tools, second, id), sentence)
  },
})
