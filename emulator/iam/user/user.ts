import type { Answer } from '../../../src/protocol/xml.ts'
import type { Cloud } from '../../cloud.ts'

/** A user as answers show it. */
export const userView = ({
  path,
  name,
  id,
  arn,
  createdAt,
}: ReturnType<Cloud['accounts']['users']>[number]): { [name: string]: Answer } => ({
  Path: path,
  UserName: name,
  UserId: id,
  Arn: arn,
  CreateDate: createdAt,
})
