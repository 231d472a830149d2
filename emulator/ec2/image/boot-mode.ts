import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import type { BootMode } from './image.ts'

/**
 * The boot mode of a registration. Eucalyptus does not know the parameter. Machines here start by the BIOS, so that an image
 * that can start by UEFI only is refused. Throws the faults.
 */
export function bootMode({ settings }: Cloud, asked: string | undefined): BootMode | undefined {
  if (asked === undefined) return undefined
  if (settings.fidelity === 'eucalyptus') throw fault('unknownParameter', 'BootMode')
  if (asked === 'legacy-bios' || asked === 'uefi-preferred') return asked
  throw asked === 'uefi' ? fault('bootModeUnsupported', asked) : fault('invalidParameterValue', asked, 'BootMode')
}
