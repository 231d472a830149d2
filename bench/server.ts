import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readDataFolder } from '../src/commands/data-folder.ts'
import type { Peer } from './peers.ts'
import { build, type Endpoint } from './requests.ts'
import { Connection } from './wire.ts'

/** A server that runs. */
export interface Server {
  readonly name: string
  readonly endpoint: Endpoint
  readonly workloads: RegExp | undefined
  /** Seconds of processor time that it has used, its threads and ended children counted. */
  processorTime(): Promise<number>
  /** MiB: resident memory that is its own, and what of it maps files (such as index pages). */
  memory(): Promise<{ own: number; mapped: number }>
  stop(): Promise<void>
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}

/** Ticks of a second in /proc (sysconf _SC_CLK_TCK, 100 on Linux). */
const ticks = 100

async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticks
}

async function memory(pid: number): Promise<{ own: number; mapped: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  const mebibytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return { own: mebibytes('RssAnon'), mapped: mebibytes('RssFile') }
}

/** Resolves when the server answers a signed ListBuckets. Throws when it ends or takes a minute. */
async function untilReady(
  child: ChildProcess,
  endpoint: () => Promise<Endpoint>,
  said: () => string,
): Promise<Endpoint> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await pause(20)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${said()}`)
    try {
      const ready = await endpoint()
      const connection = await Connection.open(ready.port)
      await connection.send(build(ready, { method: 'GET', path: '/', expects: 200 })).finally(() => connection.close())
      return ready
    } catch {
      // It is not ready yet, and the deadline says for how long that is no error.
    }
  }
  throw new Error(`it does not answer ListBuckets within a minute: ${said()}`)
}

/** Starts a peer in a folder of its own under `work`, which is removed when it stops. */
export async function startServer(peer: Peer, folder: string, work: string): Promise<Server> {
  const data = await mkdtemp(join(work, `${peer.name}-`))
  const port = await freePort()
  const { command, args, environment, ...keys } = peer.launch({ folder, data, port })
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000)
    })
  }
  const stop = async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await rm(data, { recursive: true, force: true })
  }
  const endpoint = async () => {
    const { accessKeyId, secretAccessKey, region } = keys.accessKeyId
      ? { ...keys, region: 'us-east-1' }
      : await readDataFolder(data)
    return { accessKeyId, secretAccessKey, region, port }
  }
  try {
    const ready = await untilReady(child, endpoint, () => output)
    const pid = child.pid ?? 0
    return {
      name: peer.name,
      endpoint: ready,
      workloads: peer.workloads,
      processorTime: () => processorTime(pid),
      memory: () => memory(pid),
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`${peer.name} does not start`, { cause: error })
  }
}
