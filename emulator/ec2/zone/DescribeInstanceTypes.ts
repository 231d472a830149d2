import { integer, list, optional, text } from '../../../src/protocol/shape.ts'
import type { InstanceType } from '../../state/settings.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'

/** The types: Eucalyptus and AWS have an operation of the same name with different answers (clients.md, quirk 19). */
export default operation('DescribeInstanceTypes', {
  input: {
    InstanceType: list(text),
    Filter: filters,
    VerboseFlag: optional(text),
    Availability: optional(text),
    MaxResults: optional(integer),
  },
  async run({ settings }, { InstanceType, Filter }) {
    const { instanceTypes, fidelity } = settings
    const unknown = InstanceType.find((name) => !instanceTypes.some((type) => type.name === name))
    if (unknown !== undefined) throw fault('instanceTypeNotDescribed', unknown)
    const matches = filtering<InstanceType>(
      {
        'instance-type': ({ name }) => [name],
        'vcpu-info.default-vcpus': ({ cpus }) => [cpus],
        'memory-info.size-in-mib': ({ memoryMiB }) => [memoryMiB],
        ...(fidelity === 'aws' && { 'supported-boot-mode': () => bootModes }),
      },
      Filter,
    )
    const types = instanceTypes.filter(
      (type) => (!InstanceType.length || InstanceType.includes(type.name)) && matches(type),
    )
    return fidelity === 'aws'
      ? { instanceTypeSet: types.map(awsView) }
      : { instanceTypeDetails: types.map(eucalyptusView) }
  },
})

/** Every machine here can start by both. */
const bootModes = ['legacy-bios', 'uefi']

const eucalyptusView = ({ name, cpus, memoryMiB, disk, diskCount }: InstanceType) => ({
  name,
  cpu: cpus,
  disk,
  diskCount,
  memory: memoryMiB,
  networkInterfaces: 1,
})

const awsView = ({ name, cpus, memoryMiB, disk, diskCount }: InstanceType) => ({
  instanceType: name,
  currentGeneration: true,
  supportedRootDeviceTypes: ['instance-store'],
  supportedVirtualizationTypes: ['hvm', 'paravirtual'],
  supportedBootModes: bootModes,
  bareMetal: false,
  processorInfo: { supportedArchitectures: ['x86_64'] },
  vCpuInfo: { defaultVCpus: cpus, defaultCores: cpus, defaultThreadsPerCore: 1 },
  memoryInfo: { sizeInMiB: memoryMiB },
  instanceStorageSupported: true,
  instanceStorageInfo: {
    totalSizeInGB: disk,
    disks: [{ sizeInGB: Math.floor(disk / Math.max(1, diskCount)), count: Math.max(1, diskCount), type: 'hdd' }],
  },
})
