import { checksumAlgorithms } from '../../../src/protocol/signature/checksums.ts'
import { payloadFault } from '../../../src/protocol/signature/payload-faults.ts'
import { isChecksum } from '../../../src/protocol/signature/payload-plan.ts'
import type { NewObject } from '../../objects/objects.ts'
import type { S3World } from '../operation.ts'
import { computedChecksum } from './checksums.ts'

/**
 * How the file of a form is held against the checksum in one of its fields (S3 API reference, PostObject). Eucalyptus does
 * not look at it. Throws InvalidRequest for what is no checksum; what is returned throws BadDigest.
 */
export function formChecksum(
  { settings }: S3World,
  fields: ReadonlyMap<string, string>,
): Pick<NewObject, 'observe' | 'checksumOf' | 'condition'> {
  const named = checksumAlgorithms.filter((one) => fields.has(`x-amz-checksum-${one}`))
  const [algorithm] = named
  if (settings.fidelity === 'eucalyptus' || !algorithm) return {}
  if (named.length > 1) throw payloadFault('severalChecksums')
  const name = `x-amz-checksum-${algorithm}`
  const sent = fields.get(name) ?? ''
  if (!isChecksum(algorithm, sent)) throw payloadFault('badChecksum', [name])
  const { observe, checksumOf } = computedChecksum(algorithm)
  return {
    observe,
    // Not in checksumOf: what a condition refuses leaves no bytes behind.
    condition: () => {
      if (checksumOf().value !== sent) throw payloadFault('checksum', [algorithm.toUpperCase()])
    },
    checksumOf: () => ({ algorithm, value: sent, type: 'FULL_OBJECT' }),
  }
}
