import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { runFromVolumes } from '../../ebs-instances.ts'
import { type GuestReport, reportOf, userDataScript } from '../../guest.ts'
import { snapshotOfAGuestsDisk } from '../../guest-disk.ts'
import { registerSnapshot, rootDevice } from '../../images.ts'
import { endInstance, untilRunning, untilState } from '../../instances.ts'
import { attachVolume, makeVolume, untilVolume } from '../../volumes.ts'

const GiB = 2 ** 30

/** What the metadata says of the guest's devices, by their names there. */
const devicesOf = ({ metadata }: GuestReport) =>
  Object.fromEntries(
    Object.entries(metadata ?? {}).flatMap(([path, device]) => {
      const name = /^meta-data\/block-device-mapping\/(\w+)$/.exec(path)?.[1]
      return name === undefined ? [] : [[name, device.trim().replace('/dev/', '')]]
    }),
  )

export default defineCase({
  id: 'ebs/mapped-devices',
  title:
    'a guest sees the root, ephemeral disk and volumes that its launch maps, in their sizes; its power-off stops it, and it starts with new user-data',
  level: 'MUST',
  covers: ['RunInstances', 'ModifyInstanceAttribute', 'StartInstances', 'AttachVolume', 'TerminateInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source:
    'eucalyptus-behaviour.md sections 5.1 (power-off, user-data of the stopped), 6.8 and 15 (BDM 3 to 7); invariant 7 of section 14',
  seconds: 45,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const sign = await makeVolume(tools)
    const SnapshotId = await snapshotOfAGuestsDisk(tools)
    const ImageId = await registerSnapshot(tools, SnapshotId)
    const powerOff = ['count=$(ls -d /sys/block/vd* | wc -l)', 'until [ $(ls -d /sys/block/vd* | wc -l) != $count ]']
    const { id, volumes } = await runFromVolumes(
      tools,
      { ImageId, SnapshotId },
      {
        UserData: userDataScript(...powerOff, 'do usleep 100000; done', 'poweroff'),
        // Eucalyptus does not heed it: the kind of the root decides.
        InstanceInitiatedShutdownBehavior: tools.of({ eucalyptus: 'terminate', aws: 'stop' }),
        BlockDeviceMapping: [
          { DeviceName: rootDevice(tools), Ebs: { VolumeSize: 2, DeleteOnTermination: true } },
          { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
          { DeviceName: '/dev/sdc', Ebs: { SnapshotId, DeleteOnTermination: true } },
          { DeviceName: '/dev/sdd', Ebs: { VolumeSize: 3, DeleteOnTermination: true } },
        ],
      },
    )
    assert.equal(volumes.length, 3)
    // The builder's boot is in the disk.
    const report = await reportOf(tools, id, { bootCount: 2 })
    const sizes = report.disks.map(({ bytes }) => bytes / GiB)
    assert.deepEqual([sizes[0], [...sizes].sort()], [2, [1, 2, 3, tools.target.instanceType.diskGiB].sort()])
    const [root] = report.disks
    const copy = report.disks.find(({ bytes }) => bytes === GiB)
    assert.equal(copy?.sha256FirstMiB, root?.sha256FirstMiB, 'the volume does not hold the bytes of its snapshot')
    const devices = devicesOf(report)
    const rootName = rootDevice(tools).replace('/dev/', '')
    const expected = { ami: rootName, root: rootName, ephemeral0: 'sdb' }
    for (const [name, device] of Object.entries(expected)) assert.equal(devices[name], device, name)
    if (tools.target.fidelity === 'eucalyptus') {
      assert.deepEqual([devices['ebs1'], devices['ebs2']].sort(), ['sdc', 'sdd'])
    }
    await attachVolume(tools, sign, id, '/dev/sdf')
    await untilState(tools, id, 'stopped')
    const words = tools.name('words')
    const Value = Buffer.from(words).toString('base64')
    await ec2.call('ModifyInstanceAttribute', { InstanceId: id, UserData: { Value } })
    await ec2.call('StartInstances', { InstanceId: [id] })
    await untilRunning(tools, id)
    const again = await reportOf(tools, id, { bootCount: 3 })
    assert.equal(again.userData, words)
    assert.equal(again.disks.length, 5, 'the instance started without one of its disks')
    await endInstance(tools, id)
    await untilVolume(tools, sign, 'available')
  },
})
