import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'

/** How large a volume may be, and all of a zone together, in GiB (eucalyptus-behaviour.md section 7.2). */
const limits = {
  eucalyptus: { each: 100, total: 500 },
  aws: { each: 16_384, total: Number.POSITIVE_INFINITY },
} as const

/** Throws the faults when further volumes of these sizes (GiB) would go beyond the limits, within a change. */
export function checkVolumeSizes(cloud: Cloud, draft: Draft, sizes: readonly number[]): void {
  const { each, total } = limits[cloud.settings.fidelity]
  if (sizes.some((size) => size > each)) throw fault('volumeTooLarge')
  const existing = cloud.volumes.in(draft).list()
  const counted = existing.filter(({ state }) => state !== 'deleted' && state !== 'failed').map(({ size }) => size)
  if ([...counted, ...sizes].reduce((sum, size) => sum + size, 0) > total) throw fault('volumesTooLarge')
}
