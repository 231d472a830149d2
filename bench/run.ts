import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { judge } from './goals.ts'
import { burst, type Step } from './load.ts'
import { peers, provide } from './peers.ts'
import { cells, type Sample, table } from './report.ts'
import { type Server, startServer } from './server.ts'
import { prepare, type Workload, workloads } from './workloads.ts'

/**
 * Compares the Object Storage with its peers on this machine: all servers run at once, each workload is done by one
 * after the other, round by round, so that a slow minute of the machine is everyone's.
 */
const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: peers.map(({ name }) => name).join(',') },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    folder: { type: 'string', default: join(homedir(), '.cache', 'euca-emu', 'bench') },
    json: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const wanted = new RegExp(values.only)
const chosen = workloads.filter(({ name }) => wanted.test(name))
await mkdir(values.folder, { recursive: true })
const work = await mkdtemp(join(tmpdir(), 'euca-emu-bench-'))
const servers: Server[] = []
const failures: string[] = []

/** How many steps of a workload take about as long as is wanted. */
async function paced(server: Server, workload: Workload): Promise<number> {
  const few = workload.unit === 'MB/s' ? 2 : Math.min(workload.most, 25 * workload.connections)
  const { seconds } = await once(server, workload, few, 'pace')
  const fitting = Math.ceil((few * Number(values.seconds)) / seconds)
  return Math.min(workload.most, Math.max(few, fitting))
}

async function once(server: Server, workload: Workload, count: number, round: string) {
  const to = server.endpoint
  const unmeasured = async (steps: Step[] | undefined) => void (steps?.length && (await burst(server, steps, 16)))
  await unmeasured(workload.before?.(to, count, round))
  const result = await burst(server, workload.steps(to, count, round), workload.connections)
  await unmeasured(workload.tidy?.(to, count, round))
  return result
}

async function measure(): Promise<Sample[]> {
  const samples: Sample[] = []
  const counts = new Map<string, number>()
  for (let round = 0; round < rounds; round += 1) {
    for (const workload of chosen) {
      for (const server of servers) {
        const name = `${workload.name} on ${server.name}`
        if (server.workloads?.test(workload.name) === false) continue
        if (failures.some((failure) => failure.startsWith(`${name}:`))) continue
        try {
          const count = counts.get(name) ?? (await paced(server, workload))
          counts.set(name, count)
          const result = await once(server, workload, count, String(round))
          samples.push({ ...result, workload: workload.name, serverName: server.name, round })
        } catch (error) {
          failures.push(`${name}: ${error instanceof Error ? error.message.slice(0, 500) : String(error)}`)
        }
      }
      console.error(`round ${round + 1} of ${rounds}: ${workload.name}`)
    }
  }
  return samples
}

try {
  for (const peer of peers.filter(({ name }) => values.peers.split(',').includes(name))) {
    const missing = await provide(peer, values.folder)
    if (missing !== undefined) {
      failures.push(`${peer.name} is not compared: ${missing}`)
      continue
    }
    const server = await startServer(peer, values.folder, work)
    servers.push(server)
    await prepare(server)
    console.error(`${peer.name} is ready`)
  }
  const names = servers.map(({ name }) => name)
  const all = cells(chosen, names, await measure())
  const memory = Object.fromEntries(
    await Promise.all(servers.map(async (one) => [one.name, await one.memory()] as const)),
  )
  const judged = judge(all)
  const machine = { processors: availableParallelism(), model: cpus()[0]?.model, node: process.version }
  console.log(table(all, names))
  for (const [name, { own, mapped }] of Object.entries(memory)) {
    console.log(
      `memory of ${name} afterwards: ${own.toFixed(0)} MiB of its own, ${mapped.toFixed(0)} MiB of mapped files`,
    )
  }
  for (const { workload, server, against, least, ratio } of judged) {
    if (ratio === undefined) continue
    const verdict = ratio >= least ? 'met' : 'MISSED'
    console.log(
      `${verdict}: ${workload.trim()}, ${server} over ${against.join(' and ')}: ${ratio.toFixed(2)} of ${least}`,
    )
  }
  for (const failure of failures) console.log(failure)
  const result = { when: new Date().toISOString(), machine, rounds, cells: all, memory, goals: judged, failures }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, undefined, 2)}\n`)
} finally {
  for (const server of servers) await server.stop()
  await rm(work, { recursive: true, force: true })
}
