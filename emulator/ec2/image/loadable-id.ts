import { fault } from '../faults.ts'
import { isImageId } from '../ids.ts'

/** A kernel or ramdisk id: the request's must be well-formed; the manifest's counts only if it is. */
export function loadableId(
  name: 'KernelId' | 'RamdiskId',
  asked: string | undefined,
  inManifest?: string,
): string | undefined {
  const letter = name === 'KernelId' ? 'k' : 'r'
  const fits = (id: string) => isImageId(id) && id[1]?.toLowerCase() === letter
  if (asked !== undefined && !fits(asked)) throw fault('invalidParameterValue', asked, name)
  return (asked ?? (inManifest !== undefined && fits(inManifest) ? inManifest : undefined))?.toLowerCase()
}
