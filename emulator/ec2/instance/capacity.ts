import { availableParallelism } from 'node:os'
import type { Cloud } from '../../cloud.ts'
import type { InstanceType } from '../../state/settings.ts'
import { type InstanceRecord, typeOf } from './instance.ts'

/**
 * How many more instances of a type the host has room for: vCPUs are overcommitted, memory is not. Those that are stopped
 * have no machine and take no room; their start has to find it.
 */
export function room(cloud: Cloud, instances: readonly InstanceRecord[], type: InstanceType): number {
  const { cpuOvercommit, memoryMiB } = cloud.settings
  const live = instances.filter(hasRoom).map((instance) => typeOf(cloud, instance))
  const cpus = availableParallelism() * cpuOvercommit - live.reduce((sum, one) => sum + one.cpus, 0)
  const memory = memoryMiB - live.reduce((sum, one) => sum + one.memoryMiB, 0)
  return Math.max(0, Math.min(Math.floor(cpus / type.cpus), Math.floor(memory / type.memoryMiB)))
}

const hasRoom = ({ state }: InstanceRecord) => state !== 'terminated' && state !== 'stopped'
