import assert from 'node:assert/strict'
import { resultOf, userDataScript } from './guest.ts'
import { endInstance, runInstance, untilRunning } from './instances.ts'
import { registerStarter, starterImage } from './starter.ts'
import type { Tools } from './tools.ts'
import { attachVolume, detachVolume, makeSnapshot, makeVolume } from './volumes.ts'

/** The serial number by which a guest knows a volume that is attached to it while it runs, as far as virtio shows it. */
export const serialOf = (tools: Tools, id: string): string =>
  tools.of({ eucalyptus: `euca-${id}-dev`, aws: id.replace('-', '') }).slice(0, 20)

/**
 * Shell that waits for the disk of which the kernel tells that, and puts its path into `disk` once it can be opened: letters
 * follow the order in which a guest finds its disks, and types have disks of their own.
 */
const diskWith = (attribute: 'serial' | 'size', value: string): string =>
  [
    `until disk=$(grep -lx ${value} /sys/block/*/${attribute}); do usleep 100000; done`,
    `disk=\${disk%/${attribute}}; disk=/dev/\${disk##*/}`,
    'until head -c 1 $disk > /dev/null 2>&1; do usleep 100000; done',
  ].join('\n')

/** Shell with a function that finds the disk of the serial number that it is given. */
export const findDisk = `find_disk() {\n${diskWith('serial', '"$1"')}\n}`

/** Shell that finds the disk of that many GiB. */
export const diskOfSize = (gibibytes: number): string => diskWith('size', `${(gibibytes * 2 ** 30) / 512}`)

/** Makes a snapshot of a volume onto which a guest has copied the disk that it runs from, its file system held still. */
export async function snapshotOfAGuestsDisk(tools: Tools): Promise<string> {
  const { sizes } = await starterImage('hvm')
  const volume = await makeVolume(tools)
  const copy = [
    ...[findDisk, `find_disk ${serialOf(tools, volume)}`],
    // The disk and its partition have caches of their own: what is read from the disk must not be older.
    'sync; echo 3 > /proc/sys/vm/drop_caches; fsfreeze --freeze /',
    `dd if=/dev/vda of=$disk bs=1048576 count=${sizes.disk / 2 ** 20}; copied=$?`,
    'fsfreeze --unfreeze /; sync',
    'result copied $copied',
  ]
  const ImageId = await registerStarter(tools, 'hvm')
  const builder = await runInstance(tools, { ImageId, UserData: userDataScript(...copy) })
  await untilRunning(tools, builder)
  await attachVolume(tools, volume, builder, '/dev/sdf')
  assert.equal(await resultOf(tools, builder, 'copied'), '0')
  await detachVolume(tools, volume)
  await endInstance(tools, builder)
  return makeSnapshot(tools, volume)
}
