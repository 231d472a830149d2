import { text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { metadataOptions, metadataOptionsInput, metadataOptionsView } from './metadata-options.ts'
import { ownedInstance } from './owned.ts'

/**
 * Says how an instance's metadata service behaves, from the next request on. AWS has it since 2019; to Eucalyptus it is
 * no action at all.
 */
export default operation('ModifyInstanceMetadataOptions', {
  input: { InstanceId: text, ...metadataOptionsInput },
  async run(cloud, { InstanceId, ...asked }, { caller }) {
    const { fidelity } = cloud.settings
    if (fidelity === 'eucalyptus') throw fault('unknownAction', 'ModifyInstanceMetadataOptions')
    const { id } = ownedInstance(cloud, InstanceId, caller)
    const options = await cloud.store.change((draft) => {
      const instances = cloud.instances.in(draft)
      const instance = instances.get(id)
      if (!instance || instance.state === 'terminated') throw fault('instanceState', id, 'terminated')
      const changed = metadataOptions(fidelity, asked, instance.metadataOptions)
      instances.put({ ...instance, metadataOptions: changed })
      return changed
    })
    return { instanceId: id, instanceMetadataOptions: metadataOptionsView(options) }
  },
})
