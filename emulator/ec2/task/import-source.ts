import type { Caller } from '../../../src/protocol/operation.ts'
import { optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import type { ImportTaskDisk } from './import-task.ts'
import { openAs, openByUrl } from './own-objects.ts'

/** `DiskContainer.…` of ImportSnapshot, and what each of ImportImage has of it. */
export const diskContainer = {
  Description: optional(text),
  Format: optional(text),
  Url: optional(text),
  UserBucket: optional(struct({ S3Bucket: optional(text), S3Key: optional(text) })),
}

type DiskContainer = Values<typeof diskContainer>

const formats = ['raw', 'vhd', 'vhdx', 'vmdk', 'qcow2'] as const

/** The format of a disk's file. Throws when it has none, as only a disk that is a snapshot already may. */
export function diskFormat({ format }: ImportTaskDisk): (typeof formats)[number] {
  const found = formats.find((one) => one === format)
  if (!found) throw new Error(`a disk cannot be ${format}`)
  return found
}

/** Where an object lies: `s3://bucket/key`, with the key as it is. */
function s3Location(url: string): { bucket: string; key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? []
  return bucket === undefined || key === undefined ? undefined : { bucket, key }
}

/** The object of a disk that its owner's own rights are to open; undefined for one that a signed URL opens. */
function ownObject({ bucket, key, url }: ImportTaskDisk): { bucket: string; key: string } | undefined {
  if (bucket !== undefined && key !== undefined) return { bucket, key }
  return url === undefined ? undefined : s3Location(url)
}

/** Opens the file of a disk, as the account whose task it is may, or as the signature in its URL allows. */
export function openSource(cloud: Cloud, owner: Pick<Caller, 'accountId'>, disk: ImportTaskDisk) {
  const own = ownObject(disk)
  return own ? openAs(cloud, owner, own.bucket, own.key) : openByUrl(cloud, disk.url ?? '', 'GET')
}

/** Whether the role in whose name a caller asks, if any, lets them read the file: an import gives no more than that. */
function mayRead({ role }: Caller, disk: ImportTaskDisk): boolean {
  const own = ownObject(disk)
  return !role || !own || role.may('s3:GetObject', { arn: `arn:aws:s3:::${own.bucket}/${own.key}` })
}

/** A disk of an import whose file is there and may be read. Throws the faults. */
export async function checkedSource(cloud: Cloud, asked: DiskContainer, caller: Caller): Promise<ImportTaskDisk> {
  const { Description, Format, Url, UserBucket } = asked
  if (Format === undefined) throw fault('importMissing', 'DiskContainer.Format')
  const format = Format.toLowerCase()
  if (!formats.some((one) => one === format))
    throw fault('importSource', `The disk image format ${Format} is not supported`)
  const { S3Bucket: bucket, S3Key: key } = UserBucket ?? {}
  const isInBucket = bucket !== undefined && key !== undefined
  if (!isInBucket && Url === undefined) throw fault('importMissing', 'DiskContainer.UserBucket')
  const disk: ImportTaskDisk = {
    format,
    ...(isInBucket ? { bucket, key } : { url: Url ?? '' }),
    ...(Description !== undefined && { description: Description }),
  }
  const found = mayRead(caller, disk) ? await openSource(cloud, caller, disk) : 'denied'
  const name = isInBucket ? `${bucket}/${key}` : (Url ?? '').replace(/\?.*$/s, '').slice(0, 200)
  if (found === 'missing') throw fault('importSource', `The given S3 object ${name} does not exist`)
  if (found === 'denied') throw fault('importSource', `The given S3 object ${name} may not be read`)
  found.close()
  return { ...disk, fileBytes: found.record.data.size }
}
