import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { runFromVolumes } from '../../ebs-instances.ts'
import { consoleOf, reportOf, resultOf, resultsOn, userDataScript } from '../../guest.ts'
import { diskOfSize, findDisk, serialOf, snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { createImage, registerSnapshot } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, makeVolume } from '../../volumes.ts'

/** GiB of the volume that is attached later: no other disk has as many. */
const attachedGiB = 3

/** Boots an instance of an image and asserts that its disks hold the sentence: a file of the root, and the second disk. */
async function holds(
  tools: Tools,
  image: { ImageId: string; SnapshotId: string },
  sentence: string,
  bootCount: number,
): Promise<void> {
  const read = ['result file $(cat /root/sentence)', diskOfSize(attachedGiB), 'result disk $(head -n 1 $disk)']
  const { id } = await runFromVolumes(tools, image, { UserData: userDataScript(...read) })
  // One more than the boots that are in the image.
  await reportOf(tools, id, { bootCount })
  assert.equal(await resultOf(tools, id, 'file'), sentence, 'the file that the guest wrote is not in the image')
  assert.equal(await resultOf(tools, id, 'disk'), sentence, 'the volume that was attached later is not in the image')
  await endInstance(tools, id)
}

export default defineCase({
  id: 'images/made-of-an-instance',
  title:
    'an image of an instance holds what its guest wrote, on its root and on a volume attached later; the guest is rebooted unless told otherwise',
  level: 'MUST',
  covers: ['CreateImage', 'DescribeImages', 'RunInstances', 'AttachVolume'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 2.6 and 8 (T3C, T7); people.md rows 11 and 12',
  seconds: 90,
  cents: 1,
  async run(tools) {
    const sentence = tools.name('sentence')
    const volume = await makeVolume(tools, { Size: attachedGiB })
    const write = [
      `echo ${sentence} > /root/sentence && sync`,
      'result written $?',
      ...[findDisk, `find_disk ${serialOf(tools, volume)}`],
      `echo ${sentence} | dd of=$disk conv=notrunc,fsync`,
      'result stored $?',
    ]
    const SnapshotId = await snapshotOfAGuestsDisk(tools)
    const ImageId = await registerSnapshot(tools, SnapshotId)
    const id = await runInstance(tools, { ImageId, UserData: userDataScript(...write) })
    await untilRunning(tools, id)
    assert.equal(await resultOf(tools, id, 'written'), '0')
    await attachVolume(tools, volume, id, '/dev/sdf')
    assert.equal(await resultOf(tools, id, 'stored'), '0')
    // The builder's boot is in the disk, and so is the instance's own.
    const rebooted = await createImage(tools, id)
    await reportOf(tools, id, { bootCount: 3 })
    const console = await consoleOf(tools.administrator, id)
    assert.deepEqual(resultsOn(console, 'written'), [], 'the guest was not booted again')
    const untouched = await createImage(tools, id, { NoReboot: true })
    await holds(tools, { ImageId: rebooted, SnapshotId }, sentence, 3)
    await holds(tools, { ImageId: untouched, SnapshotId }, sentence, 4)
    const { bootCount } = await reportOf(tools, id)
    assert.equal(bootCount, 3, 'the guest was rebooted, though that was not wanted')
    await endInstance(tools, id)
  },
})
