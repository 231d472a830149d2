import type { Fidelity } from '../../src/protocol/faults.ts'
import { fault } from './faults.ts'

/** What has a name, and how many characters that may have. */
const longest = { role: 64, policy: 128, 'instance profile': 128 } as const

/** Throws the fault for a name that cannot be. */
export function checkName(what: keyof typeof longest, name: string): void {
  if (!/^[\w+=,.@-]+$/.test(name) || name.length > longest[what]) throw fault('invalidName', what, name)
}

/** The path of a new entity. Eucalyptus adds the slash at its end; AWS refuses a path without. Throws the fault. */
export function pathOf(what: 'role' | 'instance profile', path: string | undefined, fidelity: Fidelity): string {
  const whole = path === undefined ? '/' : fidelity === 'eucalyptus' && !path.endsWith('/') ? `${path}/` : path
  if (!/^\/([\x21-\x7e]+\/)?$/.test(whole) || whole.length > 512) throw fault('invalidPath', what, path ?? '')
  return whole
}
