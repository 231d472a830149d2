import { createHash } from 'node:crypto'
import { type ChecksumAlgorithm, sumOf } from './checksums.ts'
import { payloadFault } from './payload-faults.ts'
import { isChecksum, type PayloadPlan } from './payload-plan.ts'
import type { Sum } from './payload-sums.ts'
import { equalSecrets } from './wire.ts'

/** What was computed over a body. */
export interface PayloadDigests {
  /** Decoded bytes. */
  readonly length: number
  /** Hex; the ETag of an object is made of it. */
  readonly md5: string
  /** Hex; present when the request named it. */
  readonly sha256?: string
  /** Base64; present when the request asked for a checksum. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string }
}

/** What a plan wants to have computed. */
export function sumsOf({ sha256, checksum }: PayloadPlan): Sum[] {
  const wanted = new Set<Sum>(['md5'])
  if (sha256 !== undefined) wanted.add('sha256')
  if (checksum) wanted.add(checksum.algorithm)
  return [...wanted]
}

/** Compares what was computed over a whole body with its plan. Throws Fault. */
export function judge(
  plan: PayloadPlan,
  bytes: number,
  sums: ReadonlyMap<Sum, Buffer>,
  trailers: ReadonlyMap<string, string>,
): PayloadDigests {
  const { sha256, md5, checksum } = plan
  const computed = { md5: sums.get('md5')?.toString('hex') ?? '', sha256: sums.get('sha256')?.toString('hex') }
  if (sha256 !== undefined && !equalSecrets(sha256, computed.sha256 ?? '')) {
    const fields = { ClientComputedContentSHA256: sha256, S3ComputedContentSHA256: computed.sha256 ?? '' }
    throw payloadFault('sha256', [], { fields })
  }
  if (md5 !== undefined && md5 !== computed.md5) throw payloadFault('md5')
  const result = {
    length: bytes,
    md5: computed.md5,
    ...(computed.sha256 === undefined ? {} : { sha256: computed.sha256 }),
  }
  if (!checksum) return result
  const { algorithm } = checksum
  const expected = checksum.value ?? trailers.get(`x-amz-checksum-${algorithm}`) ?? ''
  if (!isChecksum(algorithm, expected)) throw payloadFault('badChecksum', [`x-amz-checksum-${algorithm}`])
  const value = sums.get(algorithm)?.toString('base64') ?? ''
  if (value !== expected) throw payloadFault('checksum', [algorithm.toUpperCase()])
  return { ...result, checksum: { algorithm, value } }
}

/** Computes what a plan wants of a whole body, and compares it. Throws Fault. */
export function digestsOf(
  plan: PayloadPlan,
  bytes: Buffer,
  trailers: ReadonlyMap<string, string> = new Map(),
): PayloadDigests {
  return judge(plan, bytes.length, new Map(sumsOf(plan).map((name) => [name, sumOf(name, bytes)])), trailers)
}

const emptyMd5 = createHash('md5').digest('hex')
const emptySha256 = createHash('sha256').digest('hex')

/** The digests of a request without a body; it is judged all the same, by what was signed of it. Throws Fault. */
export function digestsOfNothing(plan: PayloadPlan): PayloadDigests {
  const { sha256, md5, checksum, length } = plan
  const isPlain = md5 === undefined && !checksum && (sha256 ?? emptySha256) === emptySha256
  if (length) throw payloadFault('incomplete')
  return isPlain
    ? { length: 0, md5: emptyMd5, ...(sha256 !== undefined && { sha256 }) }
    : digestsOf(plan, Buffer.alloc(0))
}
