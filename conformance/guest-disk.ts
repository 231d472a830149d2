import assert from 'node:assert/strict'
import { resultOf, userDataScript } from './guest.ts'
import { endInstance, runInstance, untilRunning } from './instances.ts'
import { registerStarter, starterImage } from './starter.ts'
import type { Tools } from './tools.ts'
import { attachVolume, detachVolume, makeSnapshot, makeVolume } from './volumes.ts'

/** Makes a snapshot of a volume onto which a guest has copied the disk that it runs from, its file system held still. */
export async function snapshotOfAGuestsDisk(tools: Tools): Promise<string> {
  const { sizes } = await starterImage('hvm')
  const copy = [
    // A disk's node is there a moment before it can be opened.
    'until head -c 1 /dev/vdb > /dev/null 2>&1; do usleep 100000; done',
    // The disk and its partition have caches of their own: what is read from the disk must not be older.
    'sync; echo 3 > /proc/sys/vm/drop_caches; fsfreeze --freeze /',
    `dd if=/dev/vda of=/dev/vdb bs=1048576 count=${sizes.disk / 2 ** 20}; copied=$?`,
    'fsfreeze --unfreeze /; sync',
    'result copied $copied',
  ]
  const volume = await makeVolume(tools)
  const ImageId = await registerStarter(tools, 'hvm')
  const builder = await runInstance(tools, { ImageId, UserData: userDataScript(...copy) })
  await untilRunning(tools, builder)
  await attachVolume(tools, volume, builder, '/dev/sdf')
  assert.equal(await resultOf(tools, builder, 'copied'), '0')
  await detachVolume(tools, volume)
  await endInstance(tools, builder)
  return makeSnapshot(tools, volume)
}
