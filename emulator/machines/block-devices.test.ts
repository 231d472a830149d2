import { describe, expect, test } from 'vitest'
import { freshCloud, type TestCloud } from '../cloud.harness.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { attach, makeSnapshot, makeVolume, registerEbs, told } from '../ec2/volume/volume.harness.ts'
import { driveIdOf } from '../ec2/volume/volume.ts'
import { metadataFacts } from './metadata-facts.ts'

/**
 * The block device mapping suite of the system tests that Eucalyptus had (eucalyptus-behaviour.md section 15, BDM 1 to 14):
 * what each of them asks for, and what it expects. The bytes on the disks are seen from inside a guest elsewhere.
 */
interface Row {
  readonly bdm: string
  /** Devices that the image maps beside its root, and DeleteOnTermination of all. */
  readonly image?: Readonly<Record<string, object>>
  readonly flag: boolean
  /** What the launch maps. */
  readonly asked?: Readonly<Record<string, object>>
  /** `size`, from a snapshot or not, by device; DeleteOnTermination is seen at the end. */
  readonly volumes: Readonly<Record<string, string>>
  readonly ephemerals?: Readonly<Record<string, string>>
  /** A volume is plugged in as /dev/vdg while it runs, and taken out before the end, in that state. */
  readonly hot?: 'stays' | 'out while running' | 'out while stopped'
  /** The state in which it is terminated; it was stopped for a minute and started again before. */
  readonly from: 'running' | 'stopped'
  /** Devices whose volumes end with it; the others are available then. */
  readonly end: readonly string[]
}

const full = { vdb: { VirtualName: 'ephemeral0' }, vdc: { 'Ebs.SnapshotId': 'S' }, vdd: { 'Ebs.VolumeSize': '2' } }
const all = { sda: '1 S', vdc: '1 S', vdd: '2' }
const ephemeral = { vdb: 'ephemeral0' }
const none = { NoDevice: 'true' }

const rows: Row[] = [
  { bdm: '1: a root that ends', flag: true, volumes: { sda: '1 S' }, from: 'running', end: ['sda'] },
  { bdm: '2: a root that stays', flag: false, volumes: { sda: '1 S' }, from: 'running', end: [] },
  {
    bdm: '3: an image that maps all kinds, which end',
    ...{ image: full, flag: true, volumes: all, ephemerals: ephemeral },
    ...{ from: 'running', end: ['sda', 'vdc', 'vdd'] },
  },
  {
    bdm: '4: an image that maps all kinds, which stay',
    ...{ image: full, flag: false, volumes: all, ephemerals: ephemeral, from: 'running', end: [] },
  },
  {
    bdm: '5: a larger root that stays, though the image has it end',
    ...{ flag: true, asked: { sda: { 'Ebs.VolumeSize': '3', 'Ebs.DeleteOnTermination': 'false' } } },
    ...{ volumes: { sda: '3 S' }, from: 'running', end: [] },
  },
  {
    bdm: '6: all kinds added at the launch',
    ...{ flag: true, asked: { ...full, vdd: { 'Ebs.VolumeSize': '2', 'Ebs.DeleteOnTermination': 'true' } } },
    ...{ volumes: all, ephemerals: ephemeral, from: 'running', end: ['sda', 'vdd'] },
  },
  {
    bdm: '7: all but the root suppressed',
    ...{ image: full, flag: true, asked: { vdb: none, vdc: none, vdd: none } },
    ...{ volumes: { sda: '1 S' }, from: 'running', end: ['sda'] },
  },
  {
    bdm: '8: some suppressed, some others, some added',
    ...{ image: full, flag: true },
    asked: {
      vdb: none,
      vdc: { 'Ebs.SnapshotId': 'S', 'Ebs.VolumeSize': '2', 'Ebs.DeleteOnTermination': 'false' },
      vde: { 'Ebs.VolumeSize': '1', 'Ebs.DeleteOnTermination': 'true' },
    },
    ...{ volumes: { sda: '1 S', vdc: '2 S', vdd: '2', vde: '1' }, from: 'running', end: ['sda', 'vdd', 'vde'] },
  },
  {
    bdm: '9: a volume plugged in and out beside a mapped one',
    ...{ flag: true, asked: { vdc: { 'Ebs.SnapshotId': 'S', 'Ebs.DeleteOnTermination': 'true' } } },
    ...{ volumes: { sda: '1 S', vdc: '1 S' }, hot: 'out while running', from: 'running', end: ['sda', 'vdc'] },
  },
  {
    bdm: '12: a stopped instance keeps its volumes, but for one that is taken out',
    ...{ image: full, flag: true, volumes: all, ephemerals: ephemeral, hot: 'out while stopped' },
    ...{ from: 'running', end: ['sda', 'vdc', 'vdd'] },
  },
  {
    bdm: '13: terminated while stopped, with volumes that end',
    ...{ image: full, flag: true, volumes: all, ephemerals: ephemeral, hot: 'stays' },
    ...{ from: 'stopped', end: ['sda', 'vdc', 'vdd'] },
  },
  {
    bdm: '14: terminated while stopped, with volumes that stay',
    ...{ image: full, flag: false, volumes: all, ephemerals: ephemeral, hot: 'stays', from: 'stopped', end: [] },
  },
]

/** Mappings as parameters from number `first` on; a snapshot `S` becomes the one that there is. */
function parameters(mappings: Readonly<Record<string, object>>, snapshot: string, first = 1): Record<string, string> {
  const pairs = Object.entries(mappings).flatMap(([device, fields], index) =>
    Object.entries({ DeviceName: `/dev/${device}`, ...fields }).map(([name, value]) => [
      `BlockDeviceMapping.${first + index}.${name}`,
      value === 'S' ? snapshot : value,
    ]),
  )
  return Object.fromEntries(pairs)
}

/** Registers what a row's image maps. */
async function imageOf(it: TestCloud, { image = {}, flag }: Pick<Row, 'image' | 'flag'>, snapshot: string) {
  const DeleteOnTermination = { 'Ebs.DeleteOnTermination': String(flag) }
  const flagged = Object.entries(image).map(([device, fields]): [string, object] => [
    device,
    'VirtualName' in fields ? fields : { ...fields, ...DeleteOnTermination },
  ])
  const root = { sda: { 'Ebs.SnapshotId': snapshot, ...DeleteOnTermination } }
  return registerEbs(it, parameters({ ...root, ...Object.fromEntries(flagged) }, snapshot))
}

/** Volumes of an instance by device: id and `size S?`. */
function volumesBy(it: TestCloud, id: string, snapshot: string): Record<string, { id: string; what: string }> {
  const entries = volumesOf(it.cloud.volumes.list(), id).map(({ id: volume, attachment, size, snapshotId }) => [
    attachment?.device.replace('/dev/', ''),
    { id: volume, what: `${size}${snapshotId === snapshot ? ' S' : ''}` },
  ])
  return Object.fromEntries(entries)
}

/** What the machine and the metadata service know of it. */
function checkRunning(it: TestCloud, id: string, { ephemerals = {} }: Row, volumes: readonly string[], hot: string) {
  const { drives } = it.hypervisor.machine(id)
  expect(drives.filter((drive) => /^v/.test(drive)).sort()).toEqual(
    [...volumes, hot].filter(Boolean).map(driveIdOf).sort(),
  )
  expect(drives.filter((drive) => /^e/.test(drive))).toHaveLength(Object.keys(ephemerals).length)
  const facts = metadataFacts(it.cloud, id)
  expect(facts?.ephemerals.map(({ name, device }) => [device.replace('/dev/', ''), name])).toEqual(
    Object.entries(ephemerals),
  )
}

describe('BDM', () => {
  test.each(rows.map((row) => [row.bdm, row] as const))('%s', async (_title, row) => {
    const it = await freshCloud()
    const snapshot = await makeSnapshot(it)
    const spare = await makeVolume(it)
    const id = await it.run({ ImageId: await imageOf(it, row, snapshot), ...parameters(row.asked ?? {}, snapshot) })
    await it.idle()
    const made = volumesBy(it, id, snapshot)
    expect(Object.fromEntries(Object.entries(made).map(([device, { what }]) => [device, what]))).toEqual(row.volumes)
    const ids = Object.values(made).map((volume) => volume.id)
    const mapped = Object.keys(row.volumes).filter((device) => device !== 'sda')
    expect(metadataFacts(it.cloud, id)?.mappedVolumes.toSorted()).toEqual(mapped.map((device) => `/dev/${device}`))
    checkRunning(it, id, row, ids, '')

    if (row.hot) await attach(it, spare, id, '/dev/vdg')
    checkRunning(it, id, row, ids, row.hot ? spare : '')
    const detach = async () => {
      await it.call('DetachVolume', { VolumeId: spare })
      await it.idle()
    }
    if (row.hot === 'out while running') await detach()
    const instance = { 'InstanceId.1': id }
    const turn = async (action: string) => {
      await it.call(action, instance)
      await it.idle()
    }
    await turn('StopInstances')
    await it.clock.advance(60_000)
    expect(it.cloud.instances.get(id)?.state).toBe('stopped')
    for (const [device, volume] of Object.entries(made))
      expect(await told(it, volume.id)).toBe(`in-use attached ${id} /dev/${device}`)
    if (row.hot === 'out while stopped') await detach()
    expect(await told(it, spare)).toBe(row.hot === 'stays' ? `in-use attached ${id} /dev/vdg` : 'available')
    if (row.from === 'running') {
      await turn('StartInstances')
      checkRunning(it, id, row, ids, row.hot === 'stays' ? spare : '')
    }
    await turn('TerminateInstances')
    const ends = Object.entries(made).map(async ([device, volume]) => [device, await told(it, volume.id)])
    const expected = Object.keys(made).map((device) => [device, row.end.includes(device) ? 'deleted' : 'available'])
    expect(await Promise.all(ends)).toEqual(expected)
    expect(await told(it, spare)).toBe('available')
  })

  test.each([
    ['10: a volume that is too large', { vde: { 'Ebs.VolumeSize': '101' } }, 'Max Volume Size Limit Exceeded'],
    [
      '11: volumes that are too large together',
      Object.fromEntries([...'cdefgh'].map((letter) => [`vd${letter}`, { 'Ebs.VolumeSize': '90' }])),
      'Total Volume Size Limit Exceeded',
    ],
  ])('%s', async (_title, asked, sentence) => {
    const it = await freshCloud()
    const snapshot = await makeSnapshot(it)
    const ImageId = await imageOf(it, { flag: true }, snapshot)
    const before = it.cloud.volumes.list().length
    const launch = { ImageId, MinCount: '1', MaxCount: '1', ...parameters(asked, snapshot) }
    expect(await it.refusal('RunInstances', launch)).toBe(`400 VolumeLimitExceeded: ${sentence}`)
    expect([it.cloud.volumes.list().length, it.cloud.instances.list()]).toEqual([before, []])
  })
})
