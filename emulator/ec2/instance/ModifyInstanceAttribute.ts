import { BadParameter, flag, list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { modifications } from './modifications.ts'
import { ownedInstance } from './owned.ts'

const textValue = optional(struct({ Value: optional(text) }))
const flagValue = optional(struct({ Value: optional(flag) }))

/** The attributes that can be modified, in the order in which Eucalyptus looks for them. */
const attributes = {
  BlockDeviceMapping: list(
    struct({
      DeviceName: optional(text),
      VirtualName: optional(text),
      NoDevice: optional(text),
      Ebs: optional(struct({ DeleteOnTermination: optional(flag), VolumeId: optional(text) })),
    }),
  ),
  DisableApiTermination: flagValue,
  EbsOptimized: flagValue,
  GroupId: list(text),
  InstanceInitiatedShutdownBehavior: textValue,
  SourceDestCheck: flagValue,
  SriovNetSupport: textValue,
  InstanceType: textValue,
  Kernel: textValue,
  Ramdisk: textValue,
  UserData: textValue,
}

const input = { InstanceId: text, Attribute: optional(text), Value: optional(text), ...attributes }

/** The values that a request has for the attributes. */
export type AttributeValues = Values<typeof attributes>
type Name = keyof AttributeValues

/** AWS also takes `Attribute` and `Value`, for attributes with one value: the request as if it had named it. */
function named(cloud: Cloud, { Attribute, Value, ...request }: Values<typeof input>): Values<typeof attributes> {
  if (Attribute === undefined && Value === undefined) return request
  if (cloud.settings.fidelity === 'eucalyptus') throw fault('unknownParameter', 'Attribute')
  const name = `${Attribute?.charAt(0).toUpperCase()}${Attribute?.slice(1)}`
  const shape = Object.entries(attributes).find(([one]) => one === name)?.[1]
  if (!shape || name === 'BlockDeviceMapping' || name === 'GroupId') throw fault('attributeUnknown', Attribute ?? '')
  try {
    return { ...request, [name]: shape.read(new Map([['Value', Value ?? '']]), name) }
  } catch (error) {
    if (error instanceof BadParameter) throw fault('invalidParameterValue', Value ?? '', 'value')
    throw error
  }
}

/** The attribute to modify: of several, Eucalyptus takes the first in silence; AWS wants exactly one. */
function chosen(cloud: Cloud, values: AttributeValues): Name | undefined {
  const sent = (Object.keys(attributes) as Name[]).filter((name) => {
    const value = values[name]
    return Array.isArray(value) ? value.length > 0 : value !== undefined
  })
  if (cloud.settings.fidelity === 'aws' && sent.length !== 1) throw fault('attributesCombined', ...sent)
  return sent[0]
}

/**
 * Changes an attribute of an instance: what its machine is made of only while it is stopped (eucalyptus-behaviour.md
 * sections 5.1 and 5.4).
 */
export default operation('ModifyInstanceAttribute', {
  input,
  async run(cloud, request, { caller }) {
    const { id } = ownedInstance(cloud, request.InstanceId, caller)
    const values = named(cloud, request)
    const name = chosen(cloud, values)
    await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const instance = instances.get(id)
      if (!instance) throw fault('instanceNotFound', id)
      // A request that names nothing is taken, in Eucalyptus, for one that wants the instance stopped.
      const { whileStopped, apply } = name ? modifications[name] : { whileStopped: true, apply: undefined }
      if (whileStopped && instance.state !== 'stopped') throw fault('attributeNotStopped', id)
      if (apply) instances.put(apply({ cloud, draft, instance, caller }, values))
    })
    if (name === 'GroupId') cloud.network.rulesChanged()
    return { return: true }
  },
})
