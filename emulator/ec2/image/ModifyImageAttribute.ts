import { list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { isEmpty, namedChange, namedSharing, permissionChanges, type SharingChange, share } from '../sharing.ts'
import { textOrNothing } from '../tag/tag-rules.ts'
import type { ImageRecord } from './image.ts'
import { ownedImage } from './owned-image.ts'

const input = {
  ImageId: text,
  LaunchPermission: permissionChanges,
  ProductCode: list(text),
  Description: optional(struct({ Value: textOrNothing })),
  Value: optional(text),
  ...namedChange,
}
type Request = Values<typeof input>

/** What a request changes: one attribute, with its new value. */
type Change =
  | { readonly attribute: 'launchPermission'; readonly sharing: SharingChange }
  | { readonly attribute: 'productCodes'; readonly codes: readonly string[] }
  | { readonly attribute: 'description'; readonly words: string | undefined }

/**
 * Shares an image or stops to, adds product codes, or changes the description (eucalyptus-behaviour.md section 2.4). Of a
 * request that adds and removes permissions Eucalyptus takes what it adds.
 */
export default operation('ModifyImageAttribute', {
  input,
  async run(cloud, request, { caller }) {
    const change = cloud.settings.fidelity === 'aws' ? asAmazon(request) : asEucalyptus(request)
    if (change.attribute === 'description' && (change.words?.length ?? 0) > 255) throw fault('descriptionTooLong')
    await cloud.store.change((draft) => {
      const images = cloud.images.in(draft)
      images.put(changed(cloud, ownedImage(cloud, images, request.ImageId, caller, 'modify'), change))
    })
    return { return: true }
  },
})

function changed(cloud: Cloud, image: ImageRecord, change: Change): ImageRecord {
  const { permissions = [], productCodes = [], public: isPublic } = image
  switch (change.attribute) {
    case 'launchPermission':
      return { ...image, ...share(cloud, { public: isPublic, permissions }, change.sharing) }
    case 'productCodes':
      return { ...image, productCodes: [...new Set([...productCodes, ...change.codes])] }
    case 'description': {
      const { description: _, ...rest } = image
      return change.words ? { ...rest, description: change.words } : rest
    }
  }
}

const permissionsOf = ({ LaunchPermission: { Add, Remove } }: Request): SharingChange => ({ add: Add, remove: Remove })

/** The first that is there, in this order (ModifyImageAttributeType). */
function asEucalyptus(request: Request): Change {
  const { Attribute, ProductCode, Description } = request
  const sharing = Attribute === 'launchPermission' ? namedSharing(request) : permissionsOf(request)
  if (Attribute === 'launchPermission' || (Attribute === undefined && !isEmpty(sharing))) {
    return { attribute: 'launchPermission', sharing: sharing.add.length ? { ...sharing, remove: [] } : sharing }
  }
  if (Attribute !== undefined || ProductCode.length) return { attribute: 'productCodes', codes: ProductCode }
  return { attribute: 'description', words: Description?.Value }
}

/** Just one, which may be named. */
function asAmazon(request: Request): Change {
  const { Attribute, ProductCode, Description, Value } = request
  const sharing = permissionsOf(request)
  const sent = {
    launchPermission: Attribute === 'launchPermission' || !isEmpty(sharing),
    productCodes: Attribute === 'productCodes' || ProductCode.length > 0,
    description: Attribute === 'description' || Description !== undefined,
  }
  if (Attribute !== undefined && !Object.hasOwn(sent, Attribute)) throw fault('imageAttributeUnknown', Attribute)
  const names = Object.entries(sent).flatMap(([name, isSent]) => (isSent ? [name] : []))
  if (names.length !== 1) throw fault('attributesCombined', ...names)
  if (sent.launchPermission) {
    return { attribute: 'launchPermission', sharing: isEmpty(sharing) ? namedSharing(request) : sharing }
  }
  if (sent.productCodes) return { attribute: 'productCodes', codes: ProductCode }
  return { attribute: 'description', words: Description?.Value ?? Value }
}
