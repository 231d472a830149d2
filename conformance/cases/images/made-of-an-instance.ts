import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { consoleOf, reportOf, resultOf, resultsOn, userDataScript } from '../../guest.ts'
import { snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { createImage, registerSnapshot } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, deleteLater, makeVolume } from '../../volumes.ts'

/** Boots an instance of an image and asserts that its disks hold the sentence: a file of the root, and the second disk. */
async function holds(tools: Tools, ImageId: string, sentence: string, bootCount: number): Promise<void> {
  const read = ['result file $(cat /root/sentence)', `result disk $(head -c ${sentence.length} /dev/vdb)`]
  const id = await runInstance(tools, { ImageId, UserData: userDataScript(...read) })
  const mappings = list(await untilRunning(tools, id), 'blockDeviceMapping')
  for (const mapping of mappings) deleteLater(tools, text(mapping, 'ebs', 'volumeId') ?? '')
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
    const write = [
      `echo ${sentence} > /root/sentence && sync`,
      'result written $?',
      // A disk's node is there a moment before it can be opened.
      'until head -c 1 /dev/vdb > /dev/null 2>&1; do usleep 100000; done',
      `echo ${sentence} | dd of=/dev/vdb conv=notrunc,fsync`,
      'result stored $?',
    ]
    const volume = await makeVolume(tools)
    const ImageId = await registerSnapshot(tools, await snapshotOfAGuestsDisk(tools))
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
    await holds(tools, rebooted, sentence, 3)
    await holds(tools, untouched, sentence, 4)
    const { bootCount } = await reportOf(tools, id)
    assert.equal(bootCount, 3, 'the guest was rebooted, though that was not wanted')
    await endInstance(tools, id)
  },
})
