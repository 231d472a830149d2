import { text } from '../../../src/protocol/shape.ts'
import { operation } from '../operation.ts'
import { keyPairId } from './keypair.ts'

/** Deleting what is not there is no fault; Eucalyptus then answers `false` (eucalyptus-behaviour.md section 5.5). */
export default operation('DeleteKeyPair', {
  input: { KeyName: text },
  async run(cloud, { KeyName }, { caller }) {
    const existed = await cloud.store.change((draft) => {
      const pairs = cloud.keyPairs.in(draft)
      const id = keyPairId(caller.accountId, KeyName)
      const found = pairs.get(id) !== undefined
      if (found) pairs.remove(id)
      return found
    })
    return { return: existed || cloud.settings.fidelity === 'aws' }
  },
})
