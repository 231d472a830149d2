import { list, optional, struct, text, type Values } from '../../src/protocol/shape.ts'
import type { Cloud } from '../cloud.ts'
import { fault } from './faults.ts'

const grantee = struct({ UserId: optional(text), Group: optional(text) })

/** `Add.n.UserId`, `Add.n.Group`, and the same under `Remove`: who is to have a permission, and who no longer. */
export const permissionChanges = struct({ Add: list(grantee), Remove: list(grantee) })

/** The same as clients of before mid-2010 say it, who name the attribute. */
export const namedChange = {
  Attribute: optional(text),
  OperationType: optional(text),
  UserId: list(text),
  UserGroup: list(text),
}

/** Who may use something beside its owner: anybody, and these accounts. */
interface Sharing {
  readonly public: boolean
  readonly permissions: readonly string[]
}

/** What a request makes of it. */
export interface SharingChange {
  readonly add: readonly Grantee[]
  readonly remove: readonly Grantee[]
}

type Grantee = Readonly<Values<{ one: typeof grantee }>['one']>

/** What a request that names the attribute asks for. Throws the fault for an operation that is none. */
export function namedSharing(request: Values<typeof namedChange>): SharingChange {
  const { OperationType = '', UserId, UserGroup } = request
  if (OperationType !== 'add' && OperationType !== 'remove') {
    throw fault('invalidParameterValue', OperationType, 'operationType')
  }
  const named: Grantee[] = [
    ...UserId.map((id) => ({ UserId: id, Group: undefined })),
    ...UserGroup.map((group) => ({ UserId: undefined, Group: group })),
  ]
  return { add: OperationType === 'add' ? named : [], remove: OperationType === 'remove' ? named : [] }
}

/** Whether a change says anything. */
export const isEmpty = ({ add, remove }: SharingChange): boolean => !add.length && !remove.length

/** Applies a change: what is added first, then what is removed. Throws the faults for accounts and groups that are none. */
export function share({ settings }: Cloud, before: Sharing, { add, remove }: SharingChange): Sharing {
  const aws = settings.fidelity === 'aws'
  for (const { UserId, Group } of aws ? [...add, ...remove] : add) {
    if (UserId !== undefined && !/^\d{12}$/.test(UserId)) throw fault('granteeInvalid', UserId, 'userId')
    if (aws && Group !== undefined && Group !== 'all') throw fault('granteeInvalid', Group, 'group')
  }
  const accounts = (grantees: readonly Grantee[]) => grantees.flatMap(({ UserId }) => UserId ?? [])
  const everybody = (grantees: readonly Grantee[]) => grantees.some(({ Group }) => Group === 'all')
  const gone = new Set(accounts(remove))
  return {
    public: (before.public || everybody(add)) && !everybody(remove),
    permissions: [...new Set([...before.permissions, ...accounts(add)])].filter((id) => !gone.has(id)),
  }
}

/** A sharing as the attributes of images and snapshots list it. */
export const permissionView = ({ public: isPublic, permissions }: Sharing) => [
  ...(isPublic ? [{ group: 'all' }] : []),
  ...permissions.map((userId) => ({ userId })),
]
