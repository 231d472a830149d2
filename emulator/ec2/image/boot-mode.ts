import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import type { BootMode, ImageRecord } from './image.ts'

/**
 * The boot mode of a registration (RegisterImage of AWS). Eucalyptus does not know the parameter. Throws the faults.
 */
export function bootMode({ settings }: Cloud, asked: string | undefined): BootMode | undefined {
  if (asked === undefined) return undefined
  if (settings.fidelity === 'eucalyptus') throw fault('unknownParameter', 'BootMode')
  if (asked === 'legacy-bios' || asked === 'uefi' || asked === 'uefi-preferred') return asked
  throw fault('invalidParameterValue', asked, 'BootMode')
}

/** Throws the fault for an image without a boot loader of its own that is to start by a firmware: nothing would. */
export function checkBootMode(
  mode: BootMode | undefined,
  { virtualization }: Pick<ImageRecord, 'virtualization'>,
): void {
  if (mode !== undefined && mode !== 'legacy-bios' && virtualization !== 'hvm') throw fault('bootModeNotHvm', mode)
}
