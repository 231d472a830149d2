import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'

/** What names are made of: in AWS of more (API reference, RegisterImage). */
const names = { eucalyptus: /^[A-Za-z0-9()./_-]{3,128}$/, aws: /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/ }

/** A name that an image may have. Throws the faults for a name and a description that it may not (section 2.2, step 1). */
export function imageName({ settings }: Cloud, name: string | undefined, description: string | undefined): string {
  if (name === undefined || !names[settings.fidelity].test(name)) throw fault('imageNameMalformed')
  if ((description?.length ?? 0) > 255) throw fault('descriptionTooLong')
  return name
}

/** Throws, within a change, when one of the account's images that are available, or will be, has the name. */
export function demandFreeName(cloud: Cloud, draft: Draft, name: string, { accountId }: Caller): void {
  const taken = cloud.images
    .in(draft)
    .list()
    .find((one) => one.ownerId === accountId && one.name === name && ['pending', 'available'].includes(one.state))
  if (taken) throw fault('imageNameDuplicate', name, taken.id)
}

/** A new id for an image, spelled as the cloud does. */
export function newImageId({ ids, settings }: Cloud, kind: 'machine' | 'kernel' | 'ramdisk'): string {
  const letter = { machine: 'm', kernel: 'k', ramdisk: 'r' }[kind]
  return ids.resource(`${settings.fidelity === 'aws' ? 'a' : 'e'}${letter}i`)
}
