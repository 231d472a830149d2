import { list, text, type Xml } from '../client/xml.ts'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'
import { until } from './until.ts'

/** An instance as DescribeInstances shows it. Throws ServiceError. */
export async function findInstance({ ec2 }: Tour, id: string): Promise<Xml | undefined> {
  const answer = await ec2.call('DescribeInstances', { InstanceId: [id] })
  return list(list(answer, 'reservationSet')[0], 'instancesSet')[0]
}

const stateOf = (instance: Xml | undefined) => text(instance, 'instanceState', 'name')

/** The ids of the instances that run. Throws ServiceError. */
export async function runningInstances({ ec2 }: Pick<Tour, 'ec2'>): Promise<string[]> {
  const reservations = list(await ec2.call('DescribeInstances'), 'reservationSet')
  const instances = reservations.flatMap((reservation) => list(reservation, 'instancesSet'))
  return instances.filter((one) => stateOf(one) === 'running').flatMap((one) => text(one, 'instanceId') ?? [])
}

/** Waits for a running instance. Throws ProofFailed when it ends instead. */
async function untilRunning(tour: Tour, id: string): Promise<Xml> {
  const look = () => findInstance(tour, id)
  const isSo = (instance: Xml | undefined) => {
    const state = stateOf(instance)
    if (state !== 'running' && state !== 'pending') {
      throw new ProofFailed(`${id} should run but is ${state}`, JSON.stringify(instance))
    }
    return state === 'running'
  }
  const instance = (await until({ what: `${id} running`, look, isSo, signal: tour.signal })) ?? ''
  tour.say(`${id} is running at ${text(instance, 'ipAddress')}`)
  return instance
}

/** Runs one instance of an image and gives it when it is running. Throws ProofFailed when it ends instead. */
export async function run(tour: Tour, ImageId: string, KeyName: string): Promise<{ id: string; instance: Xml }> {
  const one = { ImageId, KeyName, MinCount: 1, MaxCount: 1, InstanceType: 'm1.small' }
  const answer = await tour.ec2.call('RunInstances', one)
  const id = text(list(answer, 'instancesSet')[0], 'instanceId')
  if (id === undefined) throw new ProofFailed('RunInstances names no instance', JSON.stringify(answer))
  tour.say(`${id} is launched from ${ImageId}`)
  return { id, instance: await untilRunning(tour, id) }
}

async function untilState(tour: Tour, id: string, state: string): Promise<void> {
  const isSo = (instance: Xml | undefined) => stateOf(instance) === state
  await until({ what: `${id} ${state}`, look: () => findInstance(tour, id), isSo, signal: tour.signal })
  tour.say(`${id} is ${state}`)
}

/** Stops an instance that runs from a volume, and starts it again. */
export async function stopAndStart(tour: Tour, id: string): Promise<void> {
  await tour.ec2.call('StopInstances', { InstanceId: [id] })
  await untilState(tour, id, 'stopped')
  await tour.ec2.call('StartInstances', { InstanceId: [id] })
  await untilRunning(tour, id)
}

/** Terminates an instance and waits for its end. */
export async function terminate(tour: Tour, id: string): Promise<void> {
  await tour.ec2.call('TerminateInstances', { InstanceId: [id] })
  await untilState(tour, id, 'terminated')
}
