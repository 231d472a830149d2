import { list, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import { filtering, filters } from '../filters.ts'
import { operation } from '../operation.ts'
import { keyPairFilters, keyPairId, keyPairView } from './keypair.ts'

/** The caller's key pairs, or those named. */
export default operation('DescribeKeyPairs', {
  input: { KeyName: list(text), Filter: filters },
  async run({ keyPairs }, { KeyName, Filter }, { caller }) {
    for (const name of KeyName) {
      if (!keyPairs.get(keyPairId(caller.accountId, name))) throw fault('keyPairNotFound', name)
    }
    const matches = filtering(keyPairFilters, Filter)
    const pairs = keyPairs
      .list()
      .filter((pair) => pair.ownerId === caller.accountId && (!KeyName.length || KeyName.includes(pair.name)))
    return { keySet: pairs.filter(matches).map(keyPairView) }
  },
})
