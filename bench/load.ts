import type { Server } from './server.ts'
import { Connection, type WireRequest } from './wire.ts'

/** One thing to do on one connection: one request or several that depend on each other. Returns the bytes it is worth. */
export type Step = (connection: Connection) => Promise<number>

/** What a burst of steps came to. */
export interface Burst {
  readonly steps: number
  readonly bytes: number
  readonly seconds: number
  /** Processor time of the server and of this process, as a share of one core. */
  readonly server: number
  readonly client: number
}

/** A request as a step. */
export const request =
  (wanted: WireRequest, bytes = 0): Step =>
  async (connection) => {
    await connection.send(wanted)
    return bytes
  }

/** Runs steps on so many connections at once, each taking the next step when it is done with one. */
export async function burst(server: Server, steps: readonly Step[], connections: number): Promise<Burst> {
  const open = await Promise.all(
    Array.from({ length: Math.min(connections, steps.length) }, () => Connection.open(server.endpoint.port)),
  )
  let next = 0
  let bytes = 0
  const work = async (connection: Connection) => {
    for (let step = steps[next++]; step; step = steps[next++]) {
      // Not `bytes += await`: that adds to what the sum was before the step, and forgets the other connections.
      const worth = await step(connection)
      bytes += worth
    }
  }
  const [serverBefore, clientBefore] = [await server.processorTime(), process.cpuUsage()]
  const begin = performance.now()
  try {
    await Promise.all(open.map(work))
  } finally {
    for (const connection of open) connection.close()
  }
  const seconds = (performance.now() - begin) / 1000
  const used = process.cpuUsage(clientBefore)
  return {
    steps: steps.length,
    bytes,
    seconds,
    server: ((await server.processorTime()) - serverBefore) / seconds,
    client: (used.user + used.system) / 1e6 / seconds,
  }
}
