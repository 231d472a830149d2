import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Table } from '../../state/table.ts'
import { fault } from '../faults.ts'
import { isImageId } from '../ids.ts'
import { findImage, type ImageRecord, isShown, mayUse } from './image.ts'

/**
 * The image of that id whose attributes the caller may read or change: one's own, or any for administrators. Throws the
 * faults. Eucalyptus tells everybody of images that are there, AWS only those who may use them.
 */
export function ownedImage(
  { settings }: Cloud,
  images: Pick<Table<ImageRecord>, 'get'>,
  id: string,
  caller: Caller,
  to: 'describe' | 'modify',
): ImageRecord {
  if (!isImageId(id)) throw fault('imageIdMalformed', id)
  const image = findImage(images, id)
  const isHidden = image && settings.fidelity === 'aws' && !mayUse(image, caller)
  if (!image || !isShown(image) || isHidden) {
    throw fault(to === 'describe' ? 'imageNotFound' : 'modifiedImageNotFound', id)
  }
  if (image.ownerId !== caller.accountId && !caller.administrator) throw fault('imageAttributeDenied', id, to)
  return image
}
