import assert from 'node:assert/strict'
import type { Parameters } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import { type ByFidelity, type Refusal, refusal } from './refusal.ts'
import type { Tools } from './tools.ts'

const notFound = refusal('InvalidInstanceID.NotFound', 400)

/**
 * How an instance is hidden from another account. For some requests Eucalyptus looks in all accounts, and then says in a
 * sentence of its own that it is not the caller's (VmControl).
 */
export const notTheirs: ByFidelity<readonly Refusal[]> = {
  eucalyptus: [
    notFound,
    refusal('InternalFailure', 500, /does not exist|Permission denied|No such instance|Not authorized/),
  ],
  aws: [notFound],
}

/** The instances of an answer with reservations. */
export const instancesOf = (answer: Xml): Xml[] =>
  list(answer, 'reservationSet').flatMap((reservation) => list(reservation, 'instancesSet'))

/** An instance as DescribeInstances shows it; undefined when it is not (or no longer) there. */
export async function findInstance({ ec2 }: Clients, id: string): Promise<Xml | undefined> {
  try {
    return instancesOf(await ec2.call('DescribeInstances', { InstanceId: [id] }))[0]
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'InvalidInstanceID.NotFound') return undefined
    throw error
  }
}

/** The name of an instance's state. */
export const stateOf = (instance: Xml | undefined): string | undefined => text(instance, 'instanceState', 'name')

async function terminate(tools: Tools, clients: Clients, id: string): Promise<void> {
  await clients.ec2.call('TerminateInstances', { InstanceId: [id] })
  const isOver = (instance: Xml | undefined) => !instance || stateOf(instance) === 'terminated'
  await tools.until(`the end of ${id}`, () => findInstance(clients, id), isOver, 120)
}

/** Runs an instance of the target's type and gives its id at once; it is terminated after the case. */
export async function runInstance(
  tools: Tools,
  parameters: Parameters,
  clients: Clients = tools.administrator,
): Promise<string> {
  const { name } = tools.target.instanceType
  const answer = await clients.ec2.call('RunInstances', { MinCount: 1, MaxCount: 1, InstanceType: name, ...parameters })
  // All of them, should it be more than one was asked for.
  const ids = list(answer, 'instancesSet').flatMap((instance) => text(instance, 'instanceId') ?? [])
  for (const made of ids) terminateLater(tools, made, clients)
  const [id] = ids
  if (id === undefined) throw new Error('RunInstances answered without an instance id')
  return id
}

/** Terminates an instance after the case. */
export function terminateLater(tools: Tools, id: string, clients: Clients = tools.administrator): void {
  tools.later(`instance ${id}`, () => terminate(tools, clients, id))
}

/** Waits for a running instance. Throws at once, with the cloud's reason, when it has ended instead. */
export function untilRunning(
  tools: Tools,
  id: string,
  clients: Clients = tools.administrator,
): Promise<Xml | undefined> {
  let isShown = false
  const isRunning = (instance: Xml | undefined) => {
    const state = stateOf(instance)
    // AWS may show it a moment after it has answered the launch.
    if (state === undefined && !isShown) return false
    isShown = true
    assert.ok(state && state !== 'terminated', `${id} is ${state}: ${text(instance, 'reason')}`)
    return state === 'running'
  }
  return tools.until(`${id} running`, () => findInstance(clients, id), isRunning, 120)
}

/** Waits for a terminated instance, and gives it as DescribeInstances shows it then. Throws when it runs instead. */
export async function untilTerminated(tools: Tools, id: string, clients: Clients = tools.administrator): Promise<Xml> {
  const look = () => findInstance(clients, id)
  const ended = await tools.until(`${id} terminated`, look, (instance) => stateOf(instance) === 'terminated', 120)
  assert.ok(ended !== undefined)
  return ended
}

/** Terminates an instance and waits for its end. */
export async function endInstance(tools: Tools, id: string): Promise<void> {
  await tools.administrator.ec2.call('TerminateInstances', { InstanceId: [id] })
  await untilTerminated(tools, id)
}

/** Waits until an instance is in a state. */
export const untilState = (tools: Tools, id: string, state: string): Promise<Xml | undefined> => {
  const look = () => findInstance(tools.administrator, id)
  return tools.until(`${id} ${state}`, look, (instance) => stateOf(instance) === state, 120)
}
