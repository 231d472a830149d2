import type { QueryClient } from './ec2.ts'
import type { ObjectClient } from './object-client.ts'

/** A cloud as who bundles and moves images uses it: the emulator that runs, or any other that settings lead to. */
export interface CloudAccess {
  /** How messages call it. */
  readonly name: string
  readonly ec2: QueryClient
  /** A client of its object storage. */
  objects(options?: { readonly retries?: number; readonly signal?: AbortSignal }): ObjectClient
  /** The number of the account that the access key is of. */
  accountId(): Promise<string>
  /** The certificate (PEM) that bundles are encrypted for. */
  cloudCertificate(): Promise<string>
  /** The user's certificate and private key (PEM), where the settings name them. */
  userCertificate(): Promise<string | undefined>
  userPrivateKey(): Promise<string | undefined>
  /** The private keys (PEM) that may open its bundles: the user's, and an emulator's own. */
  privateKeys(): Promise<string[]>
}
