import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { list, text } from '../client/xml.ts'
import { processOf } from './bare.ts'
import { measuredCloud } from './cloud.ts'
import { spread, untilFileShows } from './measure.ts'

/**
 * Guests of 256 MiB that are launched with one call: seconds until the first and until the last of them asks who logs in,
 * and the host's memory that each of them takes beside what it has touched of its own. Argument: how many.
 */
const count = Number(process.argv[2] ?? 20)
const memoryKiB = 256 * 1024

/** MiB of a process: all that it keeps resident, its share of what others map too, and what its guest has touched. */
async function memoryOf(pid: number): Promise<{ resident: number; share: number; touched: number }> {
  const totals = { resident: 0, share: 0, touched: 0 }
  for (const mapping of (await readFile(`/proc/${pid}/smaps`, 'utf8')).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const value = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(mapping)?.[1] ?? 0)
    totals.resident += value('Rss') / 1024
    totals.share += value('Pss') / 1024
    // Nothing else that QEMU maps is as large as the guest's memory.
    if (value('Size') >= memoryKiB) totals.touched += value('Rss') / 1024
  }
  return totals
}

const cloud = await measuredCloud()
try {
  const image = cloud.image('tiny-hvm')
  // The first launch unpacks the image.
  await cloud.terminate(await cloud.run(image))
  const asked = { ImageId: image, InstanceType: 't1.micro', MinCount: count, MaxCount: count }
  const start = performance.now()
  const answer = await cloud.ec2.call('RunInstances', asked)
  const ids = list(answer, 'instancesSet').map((instance) => text(instance, 'instanceId') ?? '')
  const folders = ids.map((id) => join(cloud.data, 'machines', id))
  const times = await Promise.all(
    folders.map((folder) => untilFileShows(join(folder, 'console.log'), 'login:', start, 600_000)),
  )
  const seconds = times.map((time) => time / 1000)
  console.log(`${count} guests launched with one call: login after ${spread(seconds, 1)} s`)
  const memory = await Promise.all(folders.map(async (folder) => memoryOf((await processOf(folder)).pid)))
  const figure = (value: (one: (typeof memory)[number]) => number) => `${spread(memory.map(value), 0)} MiB`
  console.log(`each takes ${figure(({ resident }) => resident)} resident, ${figure(({ share }) => share)} as its share`)
  console.log(`its guest has touched ${figure(({ touched }) => touched)}`)
  console.log(`beside that it takes ${figure(({ share, touched }) => share - touched)}`)
  await Promise.all(ids.map((id) => cloud.terminate(id)))
} finally {
  await cloud.close()
}
