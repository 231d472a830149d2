import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'
import { roleView } from '../role/role.ts'

/** An instance profile: the role that instances which are launched with it may take on. */
export interface InstanceProfileRecord {
  /** `AIPA…`. */
  readonly id: string
  readonly accountId: string
  /** Unique in its account. */
  readonly name: string
  /** Begins and ends with a slash. */
  readonly path: string
  /** Its name for clients. */
  readonly arn: string
  readonly roleId?: string
  readonly createdAt: string
}

/** A profile as answers show it, with its role. */
export function profileView({ roles }: Cloud, profile: InstanceProfileRecord): { [name: string]: Answer } {
  const role = profile.roleId === undefined ? undefined : roles.get(profile.roleId)
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: profile.arn,
    CreateDate: profile.createdAt,
    Roles: role ? [roleView(role)] : [],
  }
}
