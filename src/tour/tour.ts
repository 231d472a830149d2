import type { BuiltFixture } from '../../fixtures/catalog.ts'
import type { QueryClient } from '../client/ec2.ts'
import type { S3Access } from '../client/upload.ts'

/** A starter image of one kind, built. */
export type Starter<Kind extends BuiltFixture['virtualization']> = Extract<BuiltFixture, { virtualization: Kind }>

/** All that the tour's steps work with: a cloud as its clients see it, and what they bring along. */
export interface Tour {
  readonly ec2: QueryClient
  readonly s3: S3Access
  readonly zone: string
  readonly accountId: string
  /** PEM; bundles are encrypted for it. */
  readonly cloudCertificate: string
  readonly hvm: Starter<'hvm'>
  readonly paravirtual: Starter<'paravirtual'>
  /** A folder for images and the private key; removed by who made it. */
  readonly folder: string
  /** Aborted when the tour is over before its end. */
  readonly signal: AbortSignal
  /** Tells a line of what happens. */
  readonly say: (line: string) => void
  /** The arguments of ssh, before the command, that log in to an instance with a key's file. */
  readonly login: (instance: string, key: string) => Promise<string[]>
  /** Whether a high port stands in for port 22 of public addresses on this host. */
  readonly isStoodIn: boolean
}
