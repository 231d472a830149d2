import type { Readable } from 'node:stream'
import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import type { ExportTaskRecord } from './export-task.ts'

const formats = ['raw', 'vmdk', 'vhd'] as const

/** The format of an export, in small letters. Throws the fault for one that AWS does not make. */
export function exportFormat(format: string | undefined): (typeof formats)[number] {
  if (format === undefined) throw fault('importMissing', 'DiskImageFormat')
  const found = formats.find((one) => one === format.toLowerCase())
  if (!found) throw fault('invalidParameterValue', format, 'DiskImageFormat')
  return found
}

/**
 * Throws the fault unless there is such a bucket and it is the caller's, or an administrator asks; a role must let them write
 * there, below the prefix.
 */
export async function checkBucket(
  cloud: Cloud,
  { name, prefix }: { name: string | undefined; prefix: string },
  caller: Caller,
): Promise<string> {
  if (name === undefined) throw fault('importMissing', 'S3Bucket')
  const bucket = await cloud.objects.findBucket(name)
  if (!bucket) throw fault('importSource', `The given S3 bucket ${name} does not exist`)
  const place = { arn: `arn:aws:s3:::${name}/${prefix}*`, isWhole: true }
  const may = !caller.role || caller.role.may('s3:PutObject', place)
  if (!may || (bucket.acl.owner.accountId !== caller.accountId && !caller.administrator)) {
    throw fault('importSource', `The given S3 bucket ${name} may not be written`)
  }
  return name
}

/** Puts the file of a task into Object Storage, private to the account whose task it is. */
export async function deliver(cloud: Cloud, task: ExportTaskRecord, body: Readable): Promise<void> {
  const { ownerId, bucket, key } = task
  const canonicalId = cloud.accounts.byId(ownerId)?.canonicalId ?? ''
  await cloud.objects.putObject({
    ...{ bucket, key, body },
    acl: {
      owner: { accountId: ownerId, canonicalId },
      grants: [{ grantee: { kind: 'account', canonicalId }, permission: 'FULL_CONTROL' }],
    },
    headers: { 'content-type': 'application/octet-stream' },
    metadata: {},
  })
}
