import { createHash } from 'node:crypto'
import type { ImageRecord } from './image.ts'

/** Where the copy of a bundle lies. */
export interface CopiedBundlePlace {
  readonly bucket: string
  /** What the keys begin with. */
  readonly folder: string
  /** The manifest's key. */
  readonly manifest: string
}

/**
 * The bucket that AWS makes in an account for the images that it copies into a region, `amis-for-ACCOUNT-in-REGION-HASH`
 * (EC2 User Guide, "Copy an AMI"). What the last eight characters are made of AWS does not tell.
 */
export function copyBucket(accountId: string, region: string): string {
  const name = `amis-for-${accountId}-in-${region}`
  return `${name}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

/** Where the bundle of a copied image lies, by its location. */
export function copiedBundlePlace({ location }: Pick<ImageRecord, 'location'>): CopiedBundlePlace {
  const [, bucket = '', manifest = ''] = /^([^/]+)\/(.+)$/s.exec(location) ?? []
  return { bucket, folder: manifest.slice(0, manifest.lastIndexOf('/') + 1), manifest }
}
