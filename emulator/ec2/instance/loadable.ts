import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { findImage, mayUse } from '../image/image.ts'

/** The id of an available kernel or ramdisk that the caller may use; undefined when there is none of that name. */
export function loadable(cloud: Cloud, kind: 'kernel' | 'ramdisk', id: string, caller: Caller): string | undefined {
  const image = findImage(cloud.images, id)
  return image?.kind === kind && image.state === 'available' && mayUse(image, caller) ? image.id : undefined
}
