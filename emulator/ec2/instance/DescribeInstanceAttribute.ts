import { optional, text } from '../../../src/protocol/shape.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import type { InstanceRecord } from './instance.ts'
import { groupSet, mappings, volumesOf } from './instance-view.ts'
import { ownedInstance } from './owned.ts'

/** Each attribute as the answer has it (ComputeService of Eucalyptus; those that AWS answers otherwise say so). */
const attributes: Record<string, (cloud: Cloud, instance: InstanceRecord) => Answer> = {
  blockDeviceMapping(cloud, instance) {
    // Eucalyptus lists the volumes of the launch alone.
    const volumes = volumesOf(cloud.volumes.list(), instance.id)
    const aws = cloud.settings.fidelity === 'aws'
    return mappings(volumes.filter(({ attachment }) => aws || attachment?.atLaunch !== undefined))
  },
  disableApiTermination: (_, { disableApiTermination }) => ({ value: disableApiTermination }),
  ebsOptimized: () => ({ value: false }),
  groupSet,
  instanceInitiatedShutdownBehavior(cloud, { shutdownBehavior, rootDeviceType }) {
    if (cloud.settings.fidelity === 'eucalyptus') return { value: 'stop' }
    return { value: shutdownBehavior ?? (rootDeviceType === 'ebs' ? 'stop' : 'terminate') }
  },
  instanceType: (_, { instanceType }) => ({ value: instanceType }),
  kernel: (_, { kernelId }) => (kernelId === undefined ? undefined : { value: kernelId }),
  productCodes: () => [],
  ramdisk: (_, { ramdiskId }) => (ramdiskId === undefined ? undefined : { value: ramdiskId }),
  rootDeviceName: (_, { rootDeviceName }) => ({ value: rootDeviceName }),
  sourceDestCheck: () => ({ value: true }),
  sriovNetSupport: () => ({ value: false }),
  userData: (_, { userData }) => ({ value: userData || undefined }),
}

/** One attribute of an instance (eucalyptus-behaviour.md section 5.1; ComputeService.describeInstanceAttribute). */
export default operation('DescribeInstanceAttribute', {
  input: { InstanceId: text, Attribute: optional(text) },
  async run(cloud, { InstanceId, Attribute }, { caller }) {
    if (Attribute === undefined) throw fault('attributeMissing')
    const instance = ownedInstance(cloud, InstanceId, caller)
    const read = Object.hasOwn(attributes, Attribute) ? attributes[Attribute] : undefined
    if (!read) throw fault('attributeUnknown', Attribute, instance.id)
    return { instanceId: instance.id, [Attribute]: read(cloud, instance) }
  },
})
