import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import { blank, type Marks, markingGuest, marksOf, missing } from '../../marks.ts'
import { registerStarter } from '../../starter.ts'
import { makeVolume, untilVolume } from '../../volumes.ts'

/** The root, what is left of the type's disk, and swap. */
const disks = 3
const fresh: Marks = { vda2: blank, vda3: blank, root: missing }

export default defineCase({
  id: 'disks/instance-store',
  title: 'root, ephemeral disk and swap keep their bytes over a reboot by either side, and are fresh after a power-off',
  level: 'MUST',
  covers: ['RunInstances', 'RebootInstances', 'TerminateInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md section 5.4 (disk fate) and 6.1 (one disk of root, ephemeral and swap)',
  seconds: 60,
  async run(tools) {
    const volume = await makeVolume(tools)
    const ImageId = await registerStarter(tools, 'paravirtual')
    const UserData = markingGuest({ 2: 'reboot', 3: 'another; poweroff' })
    const launch = async () => {
      const id = await runInstance(tools, { ImageId, UserData })
      await untilRunning(tools, id)
      const first = await marksOf(tools, id, 1, disks)
      assert.deepEqual(first.saw, fresh, 'a new instance has disks that were written')
      return { id, left: first.left }
    }
    const { id, left } = await launch()
    await tools.administrator.ec2.call('RebootInstances', { InstanceId: [id] })
    const second = await marksOf(tools, id, 2, disks)
    assert.deepEqual(second.saw, left, 'RebootInstances changed the disks')
    const third = await marksOf(tools, id, 3, disks)
    assert.deepEqual(third.saw, second.left, 'a reboot by the guest changed the disks')
    // The sign for the guest to power off.
    await tools.administrator.ec2.call('AttachVolume', { VolumeId: volume, InstanceId: id, Device: '/dev/sdf' })
    await untilTerminated(tools, id)
    await untilVolume(tools, volume, 'available')
    await launch()
  },
})
