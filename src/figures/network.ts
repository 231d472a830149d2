import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createPublicAddresses } from '../../emulator/network/public-addresses.ts'
import { createSwitch } from '../../emulator/network/switch.ts'
import type { MachineSpec } from '../../emulator/node/hypervisor.ts'
import { createHvmDisk } from '../../emulator/node/instance-disk.ts'
import { machineUuid } from '../../emulator/node/machine-uuid.ts'
import { qemuHypervisor } from '../../emulator/node/qemu.ts'
import { cardMtu, qemuArguments } from '../../emulator/node/qemu-arguments.ts'
import { findQemu } from '../../emulator/node/qemu-binary.ts'
import { connectQmp } from '../../emulator/node/qmp.ts'
import { findSupervision, spawnSupervised } from '../../emulator/node/supervision.ts'
import { systemClock } from '../../emulator/state/clock.ts'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { spread, untilFileShows } from './measure.ts'

/**
 * A guest's traffic with the host through the virtual switch and its public address, over the same guest's through
 * QEMU's own user network and its port forwarding: pairs in turn. The client is a thread of its own both times.
 */
const pairs = Number(process.argv[2] ?? 10)
const mebibytes = Number(process.argv[3] ?? 64)

/** What the client is asked: to send so many bytes to a port, or to take them from it. */
interface Transfer {
  host: string
  port: number
  direction: 'download' | 'upload'
  bytes: number
}

/** A guest that listens, as the client reaches it. */
interface Guest {
  host: string
  ports: Record<Transfer['direction'], number>
  end(): Promise<void>
}

/** As the guest sees it: it downloads what it gets on the first port and uploads from the second. */
const guestPorts = { download: 8080, upload: 8081 } as const

/** Milliseconds that one transfer takes, the connection's opening and closing included. */
async function transfer({ host, port, direction, bytes }: Transfer): Promise<number> {
  const start = performance.now()
  const socket = connect({ host, port, allowHalfOpen: true })
  let received = 0
  socket.on('data', (data) => {
    received += data.length
  })
  const ended = once(socket, 'end')
  if (direction === 'download') {
    const piece = Buffer.alloc(262_144, 7)
    for (let sent = 0; sent < bytes; sent += piece.length) {
      if (!socket.write(piece)) await once(socket, 'drain')
    }
    socket.end()
  }
  await ended
  if (direction === 'upload' && received !== bytes) throw new Error(`${received} bytes came of ${bytes}`)
  const milliseconds = performance.now() - start
  socket.end()
  return milliseconds
}

async function specOf(folder: string, id: string): Promise<MachineSpec> {
  const tiny = (await installedFixtures(defaultCache())).find(({ name }) => name === 'tiny-hvm')
  if (tiny?.virtualization !== 'hvm') throw new Error('run "euca-emu fixtures build" first')
  const own = join(folder, id)
  await mkdir(own)
  const layer = await createHvmDisk({ target: join(own, 'root.qcow2'), image: tiny.files.disk, bytes: 2 ** 30 })
  const drives = [{ ...layer, id: 'root', serial: 'root', durable: false }]
  const network = { mac: 'd0:0d:00:00:00:0a' }
  const files = { folder: own, console: join(own, 'console.log') }
  return { id, uuid: machineUuid(id), ...files, memoryMiB: 256, cpus: 1, boot: { kind: 'disk' }, drives, network }
}

/** Logs in on the console and starts the two servers. */
async function serve(console: string, type: (text: string) => void): Promise<void> {
  const start = performance.now()
  await untilFileShows(console, 'login: ', start)
  type('root\r')
  await untilFileShows(console, '# ', start)
  const commands = { download: 'dd of=/dev/null', upload: `dd if=/dev/zero count=${mebibytes * 16}` }
  for (const direction of ['download', 'upload'] as const) {
    const file = `/tmp/${direction}`
    type(`echo '#!/bin/sh' > ${file}; echo 'exec ${commands[direction]} bs=65536 2>/dev/null' >> ${file}\r`)
    type(`chmod +x ${file}; nc -ll -p ${guestPorts[direction]} -e ${file} &\r`)
  }
  type('sleep 1; echo serv""ing\r')
  await untilFileShows(console, 'serving', start)
}

async function onSwitch(folder: string): Promise<Guest> {
  const spec = await specOf(folder, 'i-0000000a')
  const hypervisor = qemuHypervisor({ clock: systemClock, acceleratorCache: join(folder, 'accelerator'), accelerator })
  const network = createSwitch({
    clock: systemClock,
    random: () => randomInt(2 ** 32 - 1),
    mtu: cardMtu,
    domain: 'euca.internal',
    metadata: (_instanceId, connection) => connection.destroy(),
    resolve: () => undefined,
    allows: () => true,
  })
  const addresses = createPublicAddresses(network.dial)
  const machine = await hypervisor.start(spec)
  if (!machine.nic) throw new Error('the machine has no network card')
  const place = { mac: spec.network?.mac ?? '', address: '172.31.0.10', hostname: 'guest' }
  network.connect({ instanceId: spec.id, ...place }, machine.nic)
  await serve(spec.console, (text) => machine.serial.write(text))
  const { download, upload } = guestPorts
  const listening = await addresses.publish(spec.id, '127.8.255.10', [download, upload])
  const portOf = (port: number) => listening.find((one) => one.port === port)?.boundPort ?? 0
  return {
    host: listening[0]?.boundAddress ?? '',
    ports: { download: portOf(download), upload: portOf(upload) },
    async end() {
      await addresses.close()
      network.close()
      await hypervisor.close()
    },
  }
}

async function onUserNetwork(folder: string): Promise<Guest> {
  const spec = await specOf(folder, 'i-0000000b')
  const ports = { download: 18_080, upload: 18_081 }
  const forward = (direction: Transfer['direction']) => ({
    str: `tcp:127.0.0.1:${ports[direction]}-:${guestPorts[direction]}`,
  })
  const hostfwd = [forward('download'), forward('upload')]
  const user = JSON.stringify({ type: 'user', id: 'cable', restrict: true, hostfwd })
  const words = qemuArguments(spec, { accelerator, sandbox: process.platform === 'linux' })
  const args = words.map((word, index) => (words[index - 1] === '-netdev' ? user : word))
  const files = { log: join(spec.folder, 'qemu.log'), output: spec.console }
  const child = await spawnSupervised(await findSupervision(), (await findQemu()) ?? '', args, files)
  const qmp = await connectQmp(child.channel, () => undefined)
  await qmp.execute('cont')
  await serve(spec.console, (text) => child.input.write(text))
  return {
    host: '127.0.0.1',
    ports,
    async end() {
      child.kill()
      await child.exited
    },
  }
}

const accelerator = 'tcg'

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-network-'))
  const client = new Worker(new URL(import.meta.url))
  const guests: Guest[] = []
  const rate = async ({ host, ports }: Guest, direction: Transfer['direction']) => {
    const bytes = mebibytes * 2 ** 20
    client.postMessage({ host, port: ports[direction], direction, bytes } satisfies Transfer)
    const [milliseconds]: number[] = await once(client, 'message')
    return bytes / 1000 / (milliseconds ?? 0)
  }
  try {
    const ours = await onSwitch(folder)
    guests.push(ours)
    const theirs = await onUserNetwork(folder)
    guests.push(theirs)
    for (const direction of ['download', 'upload'] as const) {
      for (const guest of guests) await rate(guest, direction)
      const [own, other]: [number[], number[]] = [[], []]
      for (let pair = 0; pair < pairs; pair += 1) {
        own.push(await rate(ours, direction))
        other.push(await rate(theirs, direction))
      }
      const ratios = own.map((value, index) => value / (other[index] ?? 1))
      console.log(`${direction}: ${spread(own, 0)} MB/s at the switch, ${spread(other, 0)} MB/s on the user network`)
      console.log(`${direction}: ratio ${spread(ratios)} of ${pairs} pairs`)
    }
  } finally {
    await Promise.all(guests.map((guest) => guest.end()))
    await client.terminate()
    await rm(folder, { recursive: true, force: true })
  }
}

if (isMainThread) await main()
else {
  parentPort?.on('message', async (asked: Transfer) => parentPort?.postMessage(await transfer(asked)))
}
