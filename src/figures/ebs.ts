import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Parameters } from '../client/ec2.ts'
import { list, text, type Xml } from '../client/xml.ts'
import { type MeasuredCloud, measuredCloud } from './cloud.ts'
import { spread, untilFileShows } from './measure.ts'

/** What volumes cost: plugging one into a running guest, copying one in use, using the copy. */
const plugs = Number(process.argv[2] ?? 10)
const copies = Number(process.argv[3] ?? 3)
const gibibytes = 10

/** What the guest does: it tells of each time that it sees vdb; then it fills and goes on writing vdb, and tells of vdc. */
const script = `#!/bin/sh
tell() {
  count=0
  while [ $count -lt $2 ]; do
    count=$((count + 1))
    until [ -b $1 ]; do usleep 10000; done; echo "$1 seen $count."
    while [ -b $1 ]; do usleep 10000; done
  done
}
tell /dev/vdb ${plugs}
until [ -b /dev/vdb ]; do usleep 10000; done
dd if=/dev/urandom of=/dev/vdb bs=1048576 count=1024 2>/dev/null; sync; echo "fill""ed."
while :; do dd if=/dev/urandom of=/dev/vdb bs=1048576 count=64 seek=2048; sync; done 2>/dev/null &
tell /dev/vdc ${copies}
`

/** Calls an action until its answer is as wished. */
async function until(
  cloud: MeasuredCloud,
  call: [action: string, asked: Parameters],
  wished: (answer: Xml) => boolean,
) {
  while (!wished(await cloud.ec2.call(...call))) await new Promise((resolve) => setTimeout(resolve, 5))
}

function untilVolume(cloud: MeasuredCloud, id: string, status: string): Promise<void> {
  const isSo = (answer: Xml) => text(list(answer, 'volumeSet')[0], 'status') === status
  return until(cloud, ['DescribeVolumes', { VolumeId: [id] }], isSo)
}

async function makeVolume(cloud: MeasuredCloud, asked: Parameters): Promise<string> {
  const id = text(await cloud.ec2.call('CreateVolume', { AvailabilityZone: 'one', ...asked }), 'volumeId') ?? ''
  await untilVolume(cloud, id, 'available')
  return id
}

/** A running guest, as its console and the files of its cloud tell. */
interface Guest {
  cloud: MeasuredCloud
  id: string
  /** Milliseconds since `start` when the console shows the line. */
  tells(line: string, start: number): Promise<number>
}

async function runGuest(cloud: MeasuredCloud): Promise<Guest> {
  const UserData = Buffer.from(script).toString('base64')
  const ImageId = cloud.image('tiny-hvm')
  const asked = { ImageId, MinCount: 1, MaxCount: 1, InstanceType: 'm1.small', UserData }
  const id = text(list(await cloud.ec2.call('RunInstances', asked), 'instancesSet')[0], 'instanceId') ?? ''
  const tells = (line: string, start: number) =>
    untilFileShows(join(cloud.data, 'machines', id, 'console.log'), line, start)
  await tells('login:', performance.now())
  return { cloud, id, tells }
}

const attach = ({ cloud, id }: Guest, VolumeId: string, Device: string) =>
  cloud.ec2.call('AttachVolume', { VolumeId, InstanceId: id, Device })

async function plugging(guest: Guest, volume: string): Promise<void> {
  const { cloud } = guest
  const [seen, detached]: [number[], number[]] = [[], []]
  for (let plug = 1; plug <= plugs; plug += 1) {
    await attach(guest, volume, '/dev/sdf')
    seen.push(await guest.tells(`/dev/vdb seen ${plug}.`, performance.now()))
    const start = performance.now()
    await cloud.ec2.call('DetachVolume', { VolumeId: volume })
    await untilVolume(cloud, volume, 'available')
    detached.push(performance.now() - start)
  }
  console.log(`AttachVolume's answer until the guest sees the disk: ${spread(seen, 0)} ms of ${plugs}`)
  console.log(`DetachVolume until the volume is available: ${spread(detached, 0)} ms`)
}

/** The bytes of the host's disk that a snapshot takes beside those that it shares with earlier ones. */
async function bytesOf(cloud: MeasuredCloud, id: string): Promise<number> {
  const file = (await readdir(cloud.data, { recursive: true })).find(
    (path) => /\.\d+\.qcow2$/.test(path) && path.includes(id),
  )
  if (file === undefined) throw new Error(`${id} has no file`)
  return (await stat(join(cloud.data, file))).blocks * 512
}

async function snapshot(cloud: MeasuredCloud, VolumeId: string): Promise<{ id: string; milliseconds: number }> {
  const start = performance.now()
  const id = text(await cloud.ec2.call('CreateSnapshot', { VolumeId }), 'snapshotId') ?? ''
  const isComplete = (answer: Xml) => text(list(answer, 'snapshotSet')[0], 'status') === 'completed'
  await until(cloud, ['DescribeSnapshots', { SnapshotId: [id] }], isComplete)
  return { id, milliseconds: performance.now() - start }
}

async function copying(guest: Guest, volume: string): Promise<void> {
  const { cloud } = guest
  const [times, sizes, available, seen]: [number[], number[], number[], number[]] = [[], [], [], []]
  await attach(guest, volume, '/dev/sdf')
  await guest.tells('filled.', performance.now())
  for (let count = 1; count <= copies; count += 1) {
    const { id, milliseconds } = await snapshot(cloud, volume)
    times.push(milliseconds)
    sizes.push((await bytesOf(cloud, id)) / 2 ** 20)
    const start = performance.now()
    const copy = await makeVolume(cloud, { SnapshotId: id })
    available.push(performance.now() - start)
    await attach(guest, copy, '/dev/sdg')
    seen.push(await guest.tells(`/dev/vdc seen ${count}.`, start))
    await cloud.ec2.call('DetachVolume', { VolumeId: copy })
    await untilVolume(cloud, copy, 'available')
    await cloud.ec2.call('DeleteVolume', { VolumeId: copy })
    await cloud.ec2.call('DeleteSnapshot', { SnapshotId: id })
  }
  console.log(
    `snapshot of ${gibibytes} GiB with 1 GiB of random data, being written: ${spread(times, 0)} ms of ${copies}`,
  )
  console.log(`it takes ${spread(sizes, 0)} MiB`)
  console.log(`a volume of it is available after ${spread(available, 0)} ms, in the guest after ${spread(seen, 0)} ms`)
}

const cloud = await measuredCloud()
try {
  const volume = await makeVolume(cloud, { Size: gibibytes })
  const guest = await runGuest(cloud)
  await plugging(guest, volume)
  await copying(guest, volume)
  await cloud.terminate(guest.id)
} finally {
  await cloud.close()
}
