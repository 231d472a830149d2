import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Parameters } from '../client/ec2.ts'
import { list, text, type Xml } from '../client/xml.ts'
import { measuredCloud } from './cloud.ts'
import { spread, untilFileShows } from './measure.ts'

/** What a chain of snapshots costs: of a volume of 10 GiB with 1 GiB of data, of which 4 MiB change between any two. */
const count = Number(process.argv[2] ?? 50)
const filled = Number(process.argv[3] ?? 1024)

/** The guest fills vdb, then writes 4 MiB again and again; it reads a disk when it appears as vdc. */
const script = `#!/bin/sh
until [ -b /dev/vdb ]; do usleep 10000; done
dd if=/dev/urandom of=/dev/vdb bs=1048576 count=${filled} && sync && echo "fill""ed."
while :; do
  n=$((n + 1))
  dd if=/dev/urandom of=/dev/vdb bs=1048576 count=4 seek=$((n * 8)) conv=notrunc,fsync 2>/dev/null
  echo "wr""ote $n."
  [ -b /dev/vdc ] && break
done
from=$(cut -d' ' -f1 /proc/uptime)
dd if=/dev/vdc of=/dev/null bs=1048576 count=${filled} 2>/dev/null
echo "re""ad $from $(cut -d' ' -f1 /proc/uptime)."
`

const cloud = await measuredCloud()
const { ec2 } = cloud

/** Calls an action until its answer is as wished. */
async function until(action: string, asked: Parameters, wished: (answer: Xml) => boolean): Promise<void> {
  while (!wished(await ec2.call(action, asked))) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function makeVolume(asked: Parameters): Promise<string> {
  const id = text(await ec2.call('CreateVolume', { AvailabilityZone: 'one', ...asked }), 'volumeId') ?? ''
  const isAvailable = (answer: Xml) => text(list(answer, 'volumeSet')[0], 'status') === 'available'
  await until('DescribeVolumes', { VolumeId: [id] }, isAvailable)
  return id
}

async function snapshot(VolumeId: string): Promise<string> {
  const id = text(await ec2.call('CreateSnapshot', { VolumeId }), 'snapshotId') ?? ''
  const isComplete = (answer: Xml) => text(list(answer, 'snapshotSet')[0], 'status') === 'completed'
  await until('DescribeSnapshots', { SnapshotId: [id] }, isComplete)
  return id
}

/** MiB of the host's disk that a snapshot takes beside what it shares with earlier ones. */
async function sizeOf(id: string): Promise<number> {
  const folder = join(cloud.data, 'storage', 'snapshots')
  const own = (await readdir(folder)).find((name) => name.startsWith(id) && /\.\d+\.qcow2$/.test(name))
  return ((await stat(join(folder, own ?? id))).blocks * 512) / 2 ** 20
}

async function timed<Result>(job: () => Promise<Result>): Promise<[Result, number]> {
  const start = performance.now()
  return [await job(), performance.now() - start]
}

try {
  const volume = await makeVolume({ Size: 10 })
  const asked = { ImageId: cloud.image('tiny-hvm'), MinCount: 1, MaxCount: 1, InstanceType: 'm1.small' }
  const UserData = Buffer.from(script).toString('base64')
  const id = text(list(await ec2.call('RunInstances', { ...asked, UserData }), 'instancesSet')[0], 'instanceId') ?? ''
  const tells = (line: string) =>
    untilFileShows(join(cloud.data, 'machines', id, 'console.log'), line, performance.now())
  await tells('login:')
  await ec2.call('AttachVolume', { VolumeId: volume, InstanceId: id, Device: '/dev/sdf' })
  await tells('filled.')
  const [times, sizes]: [number[], number[]] = [[], []]
  let last = ''
  for (let number = 1; number <= count; number += 1) {
    await tells(`wrote ${number}.`)
    const [made, milliseconds] = await timed(() => snapshot(volume))
    last = made
    times.push(milliseconds)
    sizes.push(await sizeOf(made))
  }
  console.log(`first snapshot: ${times[0]?.toFixed(0)} ms, ${sizes[0]?.toFixed(0)} MiB`)
  console.log(`the ${count - 1} after it: ${spread(times.slice(1), 0)} ms, ${spread(sizes.slice(1), 1)} MiB`)
  const [copy, available] = await timed(() => makeVolume({ SnapshotId: last }))
  console.log(`a volume of the last one is available after ${available.toFixed(0)} ms`)
  await ec2.call('AttachVolume', { VolumeId: copy, InstanceId: id, Device: '/dev/sdg' })
  console.log(`the guest has read its ${filled} MiB ${(await tells('read ')).toFixed(0)} ms after it was plugged in`)
  await cloud.terminate(id)
} finally {
  await cloud.close()
}
