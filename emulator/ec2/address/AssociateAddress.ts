import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, optional, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { isInstanceId } from '../ids.ts'
import type { InstanceRecord, InstanceState } from '../instance/instance.ts'
import { ownedInstance } from '../instance/owned.ts'
import { operation } from '../operation.ts'
import { associate, findAddress } from './address.ts'

/** The states in which an instance may be given an address: outside a VPC a stopped one has none. */
const ready: Record<'eucalyptus' | 'aws', readonly InstanceState[]> = {
  eucalyptus: ['pending', 'running'],
  aws: ['running', 'stopping', 'stopped'],
}

function readyInstance(cloud: Cloud, draft: Draft, asked: string | undefined, caller: Caller): InstanceRecord {
  if (asked === undefined) throw fault('addressInstanceMissing')
  if (!isInstanceId(asked)) throw fault('addressInstanceId', asked)
  const { id } = ownedInstance(cloud, asked, caller)
  const instance = cloud.instances.in(draft).get(id)
  if (!instance || !ready[cloud.settings.fidelity].includes(instance.state)) throw fault('addressInstanceState', id)
  return instance
}

/**
 * Gives an instance an elastic address in place of the public one that it has; taken from the instance that has it now,
 * unless AWS is told not to (AddressManager.associateAddress).
 */
export default operation('AssociateAddress', {
  input: {
    PublicIp: optional(text),
    AllocationId: optional(text),
    InstanceId: optional(text),
    AllowReassociation: optional(flag),
  },
  async run(cloud, { PublicIp, AllocationId, InstanceId, AllowReassociation }, { caller }) {
    const aws = cloud.settings.fidelity === 'aws'
    const associationId = await cloud.store.change((draft) => {
      const address = findAddress(cloud, draft, { PublicIp, AllocationId }, caller)
      const instance = readyInstance(cloud, draft, InstanceId, caller)
      const { association } = address
      if (association?.instanceId === instance.id) return association.id
      if (association && aws && AllowReassociation === false) {
        throw fault('addressAssociated', address.id, association.id)
      }
      return associate(cloud, draft, address, instance).association?.id
    })
    cloud.network.addressesMoved()
    return { return: true, associationId: aws ? associationId : undefined }
  },
})
