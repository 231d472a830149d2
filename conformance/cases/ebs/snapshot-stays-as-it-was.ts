import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { resultOf, userDataScript } from '../../guest.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { registerStarter } from '../../starter.ts'
import { attachVolume, detachVolume, makeSnapshot, makeVolume } from '../../volumes.ts'

/** Writes on the first disk that comes, again when a second one comes, and reads the one that comes for the first. */
const script = userDataScript(
  'until head -c 1 /dev/vdb > /dev/null 2>&1; do usleep 100000; done',
  'echo first | dd of=/dev/vdb conv=notrunc,fsync; result first $?',
  'until head -c 1 /dev/vdc > /dev/null 2>&1; do usleep 100000; done',
  'echo other | dd of=/dev/vdb conv=notrunc,fsync; result other $?',
  'while [ -b /dev/vdb ]; do usleep 100000; done',
  'until disk=$(ls /dev/vd[bd] 2>/dev/null); do usleep 100000; done',
  'result copy $(head -c 5 $disk)',
)

export default defineCase({
  id: 'ebs/snapshot-stays-as-it-was',
  title: 'what is written on a volume after its snapshot was taken is not on a volume that is made of the snapshot',
  level: 'MUST',
  covers: ['CreateSnapshot', 'CreateVolume', 'AttachVolume', 'DetachVolume', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md section 7.2 (a snapshot is the volume at one instant)',
  seconds: 40,
  cents: 2,
  async run(tools) {
    const [volume, sign] = [await makeVolume(tools), await makeVolume(tools)]
    const id = await runInstance(tools, { ImageId: await registerStarter(tools, 'hvm'), UserData: script })
    await untilRunning(tools, id)
    await attachVolume(tools, volume, id, '/dev/sdf')
    assert.equal(await resultOf(tools, id, 'first'), '0')
    const SnapshotId = await makeSnapshot(tools, volume)
    await attachVolume(tools, sign, id, '/dev/sdg')
    assert.equal(await resultOf(tools, id, 'other'), '0')
    await detachVolume(tools, volume)
    await attachVolume(tools, await makeVolume(tools, { SnapshotId }), id, '/dev/sdh')
    const copied = await resultOf(tools, id, 'copy')
    await endInstance(tools, id)
    assert.equal(copied, 'first', 'the snapshot has what was written after it')
  },
})
