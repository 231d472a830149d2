import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  bootRegionBytes,
  createHvmDisk,
  createParavirtualDisk,
  paravirtualSizes,
} from '../../emulator/node/instance-disk.ts'
import {
  closeDebianCloud,
  type DebianCloud,
  type DebianKind,
  endDebian,
  openDebianCloud,
  registerDebian,
  runDebian,
} from '../debian.contract.ts'
import { commandOf, forShell } from './bare.ts'
import { median, spread, untilFileShows } from './measure.ts'

/**
 * Debian 12 from RunInstances to the end of cloud-init, over the same QEMU started from a shell on the same image: there
 * cloud-init finds a NoCloud source behind QEMU's own user network. Pairs in turn, after one launch that unpacks the image. Arguments: how many pairs; one kind.
 */
const pairs = Number(process.argv[2] ?? 3)
const kinds: DebianKind[] = ['hvm', 'paravirtual']
/** cloud-init's last line on the console. */
const finished = 'finished at'
const patience = 900_000
/** Of an m1.medium. */
const diskBytes = 10 * 2 ** 30

/** A NoCloud source for the guest of a shell, on the host's loopback. */
async function seed() {
  const answers: Record<string, string> = { '/meta-data': 'instance-id: bare\nlocal-hostname: bare\n' }
  const server = createServer(({ url = '' }, response) => response.end(answers[url] ?? ''))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { serial: `ds=nocloud-net;s=http://10.0.2.2:${port}/`, close: () => server.close() }
}

/** The first launch unpacks the image; it is over when there is a machine. */
async function unpack(cloud: DebianCloud, image: string): Promise<void> {
  const guest = await runDebian(cloud, image, '')
  await commandOf(join(cloud.data, 'machines', guest.id))
  await endDebian(cloud, guest)
}

async function throughCloud(cloud: DebianCloud, image: string) {
  const start = performance.now()
  const guest = await runDebian(cloud, image, '#!/bin/sh\n')
  const folder = join(cloud.data, 'machines', guest.id)
  const milliseconds = await untilFileShows(join(folder, 'console.log'), finished, start, patience)
  const words = await commandOf(folder)
  await endDebian(cloud, guest)
  return { milliseconds, words, folder }
}

async function makeDisk(cloud: DebianCloud, kind: DebianKind, target: string): Promise<void> {
  const layout = kind === 'hvm' ? '.disk' : '.partition'
  const images = join(cloud.data, 'images')
  const image = join(images, (await readdir(images)).find((name) => name.endsWith(layout)) ?? '')
  if (kind === 'hvm') return void (await createHvmDisk({ target, image, bytes: diskBytes }))
  const { size } = await stat(image)
  await createParavirtualDisk({ target, image, ...paravirtualSizes(size - bootRegionBytes, diskBytes) })
}

/** The command of a launched Debian for a shell: QEMU's own network, and a serial that names the NoCloud source. */
function bareCommand(words: readonly string[], from: string, to: string, serial: string): string[] {
  const bare = forShell(words, from, to).map((word) => word.replace(/serial=[^,]+/, `serial=${serial}`))
  const network = bare.indexOf('-netdev') + 1
  return bare.map((word, index) => (index === network ? 'user,id=cable' : word))
}

async function throughShell(cloud: DebianCloud, kind: DebianKind, words: readonly string[], from: string) {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-shell-'))
  const { serial, close } = await seed()
  const [command = '', ...args] = bareCommand(words, from, folder, serial)
  const start = performance.now()
  await makeDisk(cloud, kind, join(folder, 'root.qcow2'))
  const console = join(folder, 'console.log')
  const output = await open(console, 'a')
  const child = spawn(command, args, { stdio: ['pipe', output.fd, 'inherit'] })
  const ended = once(child, 'exit')
  await output.close()
  const milliseconds = await untilFileShows(console, finished, start, patience)
  child.kill('SIGKILL')
  await ended
  close()
  await rm(folder, { recursive: true, force: true })
  return milliseconds
}

const cloud = await openDebianCloud()
try {
  for (const kind of kinds.filter((one) => one === (process.argv[3] ?? one))) {
    const image = await registerDebian(cloud, kind)
    await unpack(cloud, image)
    const [cloudTimes, shellTimes]: [number[], number[]] = [[], []]
    for (let pair = 0; pair < pairs; pair += 1) {
      const { milliseconds, words, folder } = await throughCloud(cloud, image)
      cloudTimes.push(milliseconds)
      shellTimes.push(await throughShell(cloud, kind, words, folder))
    }
    const ratios = cloudTimes.map((time, index) => time / (shellTimes[index] ?? 1))
    const [ours, bare] = [cloudTimes, shellTimes].map((times) => spread(times, 0))
    console.log(`debian-12 ${kind}: RunInstances to the end of cloud-init ${ours} ms, from a shell ${bare} ms`)
    console.log(`debian-12 ${kind}: ratio ${spread(ratios)}, median ${median(ratios).toFixed(3)} of ${pairs} pairs`)
  }
} finally {
  await closeDebianCloud(cloud)
}
