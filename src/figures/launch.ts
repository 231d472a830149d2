import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bootRegionBytes,
  createHvmDisk,
  createParavirtualDisk,
  paravirtualSizes,
} from '../../emulator/node/instance-disk.ts'
import { commandOf, forShell } from './bare.ts'
import { type MeasuredCloud, measuredCloud } from './cloud.ts'
import { spread, untilFileShows } from './measure.ts'

/**
 * What a launch costs over the same QEMU started from a shell: pairs in turn, `login:` in the console file. A guest reads
 * its metadata before it asks who logs in. The shell's has nobody to ask, so the cloud's is refused it: both do the same.
 */
const pairs = Number(process.argv[2] ?? 10)
const withoutMetadata = { MetadataOptions: { HttpEndpoint: 'disabled' } }

async function throughCloud(cloud: MeasuredCloud, image: string) {
  const start = performance.now()
  const id = await cloud.run(image, withoutMetadata)
  const folder = join(cloud.data, 'machines', id)
  const milliseconds = await untilFileShows(join(folder, 'console.log'), 'login:', start)
  const words = await commandOf(folder)
  await cloud.terminate(id)
  return { milliseconds, words, folder }
}

async function throughShell(
  cloud: MeasuredCloud,
  name: string,
  words: readonly string[],
  from: string,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-shell-'))
  const layout = name === 'tiny-hvm' ? 'disk' : 'partition'
  const file = (await readdir(join(cloud.data, 'images'))).find((one) => one.endsWith(`.${layout}`)) ?? ''
  const disk = { target: join(folder, 'root.qcow2'), image: join(cloud.data, 'images', file) }
  const bytes = 5 * 2 ** 30
  const [command = '', ...args] = forShell(words, from, folder)
  const start = performance.now()
  if (layout === 'disk') await createHvmDisk({ ...disk, bytes })
  else {
    const { size } = await stat(disk.image)
    await createParavirtualDisk({ ...disk, ...paravirtualSizes(size - bootRegionBytes, bytes) })
  }
  const path = join(folder, 'console.log')
  const output = await open(path, 'a')
  const child = spawn('sh', ['-c', 'exec "$@"', 'sh', command, ...args], { stdio: ['pipe', output.fd, 'inherit'] })
  const ended = once(child, 'exit')
  await output.close()
  const milliseconds = await untilFileShows(path, 'login:', start)
  child.kill('SIGKILL')
  await ended
  await rm(folder, { recursive: true, force: true })
  return milliseconds
}

const cloud = await measuredCloud('aws')
try {
  for (const name of ['tiny-hvm', 'tiny-paravirtual']) {
    const image = cloud.image(name)
    // The first launch unpacks the image; what is measured is one whose image is cached.
    await throughCloud(cloud, image)
    const [cloudTimes, shellTimes]: [number[], number[]] = [[], []]
    for (let pair = 0; pair < pairs; pair += 1) {
      const { milliseconds, words, folder } = await throughCloud(cloud, image)
      cloudTimes.push(milliseconds)
      shellTimes.push(await throughShell(cloud, name, words, folder))
    }
    const ratios = cloudTimes.map((time, index) => time / (shellTimes[index] ?? 1))
    console.log(`${name}: RunInstances to login ${spread(cloudTimes, 0)} ms, from a shell ${spread(shellTimes, 0)} ms`)
    console.log(`${name}: ratio ${spread(ratios, 3)} of ${pairs} pairs`)
  }
} finally {
  await cloud.close()
}
