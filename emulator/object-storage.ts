import type { Cloud } from './cloud.ts'
import type { S3World } from './s3/operation.ts'
import { findSender, requesterOf } from './senders.ts'

/** What of a cloud its Object Storage touches. */
export function objectStorage(cloud: Cloud): S3World {
  const { objects, settings, clock, accounts } = cloud
  const sender: S3World['sender'] = (accessKeyId, securityToken) => {
    const found = findSender(cloud, accessKeyId, securityToken)
    return found && { ...found, ...requesterOf(found, settings.fidelity) }
  }
  return { objects, settings, clock, accounts, sender }
}
