import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'

/**
 * Refuses an action that Eucalyptus' cloud has in its interface, of 2016-11-15, but does not do; with `since` a year after
 * that, it is no action at all there.
 */
export function refuseInEucalyptus({ settings }: Cloud, action: string, since?: number): void {
  if (settings.fidelity === 'aws') return
  throw since === undefined ? fault('unsupported', action) : fault('unknownAction', action)
}
