import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { type EbsInstance, runFromVolumes, stopInstance } from '../../ebs-instances.ts'
import { type GuestReport, reportOf, resultOf, userDataScript } from '../../guest.ts'
import { diskOfSize, snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { deregisterLater, rootDevice } from '../../images.ts'
import { endInstance } from '../../instances.ts'
import type { Tools } from '../../tools.ts'
import { attachVolume, makeVolume, untilDeleted, untilVolume } from '../../volumes.ts'

const GiB = 2 ** 30

/** Registers a disk that boots, an ephemeral disk, a volume of the same snapshot and an empty one: none ends with its instance. */
async function registerMapped(tools: Tools, SnapshotId: string): Promise<string> {
  const kept = { DeleteOnTermination: false }
  const BlockDeviceMapping = [
    { DeviceName: rootDevice(tools), Ebs: { SnapshotId, ...kept } },
    { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
    { DeviceName: '/dev/sdc', Ebs: { SnapshotId, ...kept } },
    { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 2, ...kept } },
  ]
  const disk = { RootDeviceName: rootDevice(tools), Architecture: 'x86_64', VirtualizationType: 'hvm' }
  const asked = { Name: tools.name('image'), ...disk, BlockDeviceMapping }
  const id = text(await tools.administrator.ec2.call('RegisterImage', asked), 'imageId') ?? ''
  deregisterLater(tools, id)
  return id
}

/** The sizes of a guest's disks in GiB, the root first and the others in order. */
function sizesIn({ disks }: GuestReport): number[] {
  const [root = 0, ...others] = disks.map(({ bytes }) => bytes / GiB)
  return [root, ...others.sort((a, b) => a - b)]
}

const volumeAt = ({ volumes }: EbsInstance, device: string): string =>
  volumes.find((one) => one.device === device)?.id ?? ''

/** What a guest does with the disk of that many GiB, `$disk`, once it is there. */
const onDisk = (gibibytes: number, ...lines: string[]) => [diskOfSize(gibibytes), ...lines]

export default defineCase({
  id: 'ebs/image-mappings',
  title:
    'a guest has the disks that its image maps, or its launch in their place; those that are kept bear what was written on them when a stopped instance has ended',
  level: 'MUST',
  covers: ['RegisterImage', 'RunInstances', 'StopInstances', 'TerminateInstances', 'AttachVolume'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md sections 2.3 (merging of mappings), 5.4 and 15 (BDM 2, 4, 8, 13 and 14)',
  seconds: 60,
  cents: 2,
  async run(tools) {
    const [hot, sentence] = [await makeVolume(tools, { Size: 4 }), tools.name('sentence')]
    const SnapshotId = await snapshotOfAGuestsDisk(tools)
    const image = { ImageId: await registerMapped(tools, SnapshotId), SnapshotId }
    const write = (gibibytes: number) =>
      onDisk(gibibytes, `echo ${sentence} | dd of=$disk conv=notrunc,fsync; result written-${gibibytes} $?`)
    const first = await runFromVolumes(tools, image, { UserData: userDataScript(...write(2), ...write(4)) })
    // The builder's boot is in the disk.
    const report = await reportOf(tools, first.id, { bootCount: 2 })
    assert.deepEqual(sizesIn(report), [1, 1, 2, tools.target.instanceType.diskGiB], 'the disks that the image maps')
    const [root, ...others] = report.disks
    const copy = others.find(({ bytes }) => bytes === GiB)
    assert.equal(copy?.sha256FirstMiB, root?.sha256FirstMiB, 'the volume does not hold the bytes of its snapshot')
    await attachVolume(tools, hot, first.id, '/dev/sdf')
    for (const disk of [2, 4]) assert.equal(await resultOf(tools, first.id, `written-${disk}`), '0')
    await stopInstance(tools, first.id)
    await endInstance(tools, first.id)
    const kept = [...first.volumes.map(({ id }) => id), hot]
    assert.equal(kept.length, 4)
    for (const volume of kept) await untilVolume(tools, volume, 'available')

    const ends = { DeleteOnTermination: true }
    const BlockDeviceMapping: Parameters[] = [
      { DeviceName: rootDevice(tools), Ebs: ends },
      { DeviceName: '/dev/sdb', NoDevice: 'true' },
      { DeviceName: '/dev/sdc', NoDevice: 'true' },
      { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 3, ...ends } },
      { DeviceName: '/dev/sde', Ebs: { SnapshotId, ...ends } },
    ]
    const read = (gibibytes: number) => onDisk(gibibytes, `result read-${gibibytes} $(head -n 1 $disk)`)
    const UserData = userDataScript(...read(2), ...read(4))
    const second = await runFromVolumes(tools, image, { BlockDeviceMapping, UserData })
    const other = await reportOf(tools, second.id, { bootCount: 2 })
    assert.deepEqual(sizesIn(other), [1, 1, 3], 'the disks of a launch that leaves out, replaces and adds')
    await attachVolume(tools, volumeAt(first, '/dev/sdd'), second.id, '/dev/sdf')
    await attachVolume(tools, hot, second.id, '/dev/sdg')
    for (const disk of [2, 4]) assert.equal(await resultOf(tools, second.id, `read-${disk}`), sentence)
    await endInstance(tools, second.id)
    for (const { id } of second.volumes) await untilDeleted(tools, id)
  },
})
