import type { Clock } from '../state/clock.ts'
import type { BundleSource } from './bundle-source.ts'

/**
 * How a template's bytes lie in its file. `file`: as they are (kernel, ramdisk). `disk`: filled up to a whole number of
 * sectors. `partition`: as `disk`, behind the 63 sectors that the partition table of a paravirtual root disk takes.
 */
export type Layout = 'file' | 'disk' | 'partition'

/** Bytes in front of the file system of a `partition` template. */
export const partitionOffset = 63 * 512

/** What names a template: the manifest as it was at registration, and the layout. */
export interface TemplateKey {
  /** Hex SHA-256 of the manifest's bytes. */
  readonly manifestSha256: string
  readonly layout: Layout
}

/** The bytes of a registered image, ready to be the read-only base of instances' disks. */
export interface Template {
  readonly file: string
  /** Size of the file, with a partition's offset. */
  readonly bytes: number
}

/** What imaging works with. */
export interface ImagingWorld {
  readonly objects: BundleSource
  /** The cache; nobody else writes there. Made when it is missing. */
  readonly folder: string
  /** The key (PEM) that bundles for this cloud are encrypted for. */
  readonly cloudPrivateKey: () => Promise<string>
  /** The certificates (PEM) that may sign bundles of an account: its users' and, for bundled instances, the node's. */
  readonly certificatesOf: (accountId: string) => readonly string[]
  readonly clock: Clock
  readonly limits: {
    /** Bytes that an image may have. */
    readonly largestImage: number
    /** Time that the unpacking of one image may take. */
    readonly unpackMilliseconds: number
  }
}
