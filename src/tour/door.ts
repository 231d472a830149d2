import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from '../client/xml.ts'
import { findInstance } from './instances.ts'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'

/** How a connection to a TCP port is answered: `connected`, or the code of the error. */
async function tryToConnect(host: string, port: number): Promise<string> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return 'connected'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    socket.destroy()
  }
}

/**
 * Proves that no security group lets anybody in at port 22 of a running instance: there is no way for ssh, and a
 * connection to its public address is refused. Where a high port would stand in for it, another program may be who
 * answers at that address, so that nothing is connected to. Throws ProofFailed with what was reached. `port` is for tests.
 */
export async function expectClosed(tour: Tour, instance: string, port = 22): Promise<void> {
  const way = await tour.login(instance, 'key.pem').then(
    (where) => `ssh ${where.slice(-3).join(' ')}`,
    (error: Error) => error.message,
  )
  if (!/opens port 22/.test(way)) throw new ProofFailed(`port 22 of ${instance} is not closed`, way)
  if (tour.isStoodIn) return tour.say(`${instance} has no port that stands in for its port 22`)
  const address = text(await findInstance(tour, instance), 'ipAddress') ?? ''
  const answer = await tryToConnect(address, port)
  if (answer !== 'ECONNREFUSED') throw new ProofFailed(`${address}:${port} of ${instance} is not closed`, answer)
  tour.say(`a connection to ${address}:${port} is refused`)
}
