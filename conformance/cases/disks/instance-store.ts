import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { type Case, defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import { blank, type Marks, markingGuest, marksOf, missing } from '../../marks.ts'
import { registerStarter } from '../../starter.ts'
import type { Tools } from '../../tools.ts'
import { makeVolume, untilVolume } from '../../volumes.ts'

const UserData = markingGuest({ 2: 'reboot', 3: 'another; poweroff' })

/** What becomes of the disks of an instance-store instance: `fresh` is what each of them holds in a new one. */
async function diskFate(tools: Tools, parameters: Parameters, fresh: (id: string) => Promise<Marks>): Promise<void> {
  const { ec2 } = tools.administrator
  const volume = await makeVolume(tools)
  const launch = async () => {
    const id = await runInstance(tools, { ...parameters, UserData })
    await untilRunning(tools, id)
    const expected = await fresh(id)
    const disks = Object.keys(expected).length
    const first = await marksOf(tools, id, 1, disks)
    assert.deepEqual(first.saw, expected, 'a new instance has disks that were written')
    return { id, disks, left: first.left }
  }
  const { id, disks, left } = await launch()
  await ec2.call('RebootInstances', { InstanceId: [id] })
  const second = await marksOf(tools, id, 2, disks)
  assert.deepEqual(second.saw, left, 'RebootInstances changed the disks')
  const third = await marksOf(tools, id, 3, disks)
  assert.deepEqual(third.saw, second.left, 'a reboot by the guest changed the disks')
  // The sign for the guest to power off.
  await ec2.call('AttachVolume', { VolumeId: volume, InstanceId: id, Device: '/dev/sdf' })
  await untilTerminated(tools, id)
  await untilVolume(tools, volume, 'available')
  await launch()
}

/** What both kinds of instance-store instances have in common. */
const common = {
  level: 'MUST',
  covers: ['RunInstances', 'RebootInstances', 'TerminateInstances', 'GetConsoleOutput'],
  seconds: 60,
  cents: 1,
} as const

/** One disk: the root, what is left of the type's disk, and swap. */
const paravirtual = defineCase({
  ...common,
  id: 'disks/instance-store',
  title: 'root, ephemeral disk and swap keep their bytes over a reboot by either side, and are fresh after a power-off',
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md section 5.4 (disk fate) and 6.1 (one disk of root, ephemeral and swap)',
  async run(tools) {
    const ImageId = await registerStarter(tools, 'paravirtual')
    await diskFate(tools, { ImageId }, async () => ({ vda2: blank, vda3: blank, root: missing }))
  },
})

/** A type of two disks. */
const InstanceType = 'm1.large'

/** The disks of a new instance of that type: two of the same size, the second of them never written. */
async function twoDisks(tools: Tools, id: string): Promise<Marks> {
  const { disks } = await reportOf(tools, id)
  assert.deepEqual(
    disks.map(({ name }) => name),
    ['vda', 'vdb'],
  )
  const [root, ephemeral] = disks
  assert.equal(root?.bytes, ephemeral?.bytes, "the type's disk is not split evenly")
  assert.deepEqual(ephemeral?.partitions, [])
  if (tools.target.fidelity === 'eucalyptus') assert.equal(ephemeral?.serial, 'euca-bdm-ephemeral-d')
  return { [`${(ephemeral?.bytes ?? 0) / 2 ** 30}GiB`]: blank, root: missing }
}

const severalDisks = defineCase({
  ...common,
  id: 'disks/hvm-instance-store',
  title: 'a type of two disks gives an HVM instance a root and an ephemeral disk alike, which reboots keep',
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'ebs', 'network'],
  source: 'eucalyptus-behaviour.md section 5.4 (disk fate) and 6.1 (the disk of a type is split evenly)',
  async run(tools) {
    const ImageId = await registerStarter(tools, 'hvm')
    await diskFate(tools, { ImageId, InstanceType }, (id) => twoDisks(tools, id))
  },
})

const cases: Case[] = [paravirtual, severalDisks]
export default cases
