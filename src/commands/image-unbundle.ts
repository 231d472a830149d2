import { resolve } from 'node:path'
import { makeFolder } from '../../emulator/state/files.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { localBundle } from '../client/local-bundle.ts'
import { unbundleToFile } from '../client/unbundle-image.ts'
import { openStored, type StoredBundle } from './bundle-key.ts'
import { CommandFailed } from './data-folder.ts'
import { privateKeyFile } from './pem-file.ts'
import { progressBar } from './progress.ts'

/** A bundle to unpack: in files, by its manifest, or in Object Storage when a bucket is named. */
export interface ToUnbundle extends Partial<StoredBundle> {
  /** The folder of the parts; that of the manifest unless told. */
  readonly source?: string
  readonly destination?: string
  /** The path of the private key that opens it; else it is the cloud's user's, or the emulator's own. */
  readonly privatekey?: string
  readonly retry?: number
}

/**
 * Unpacks the image of a bundle into a folder, which is made, as euca-unbundle does from files and euca-download-and-unbundle from Object
 * Storage, without a copy of the parts. Returns the image's path. Throws CommandFailed, or what `unbundle` throws.
 */
export async function unbundleImage(
  asked: ToUnbundle,
  cloud: () => Promise<CloudAccess>,
  signal: AbortSignal,
): Promise<string> {
  const privateKeys = asked.privatekey ? [await privateKeyFile(asked.privatekey)] : await (await cloud()).privateKeys()
  if (privateKeys.length === 0) throw new CommandFailed('no private key is known: name its file with --privatekey')
  const place = await openAsked(asked, cloud, signal)
  const folder = resolve(asked.destination ?? '.')
  await makeFolder(folder)
  const bar = progressBar(place.manifest.name)
  const unbundling = { privateKeys, onProgress: bar.update, signal }
  return unbundleToFile(place, folder, unbundling).finally(bar.finish)
}

async function openAsked(asked: ToUnbundle, cloud: () => Promise<CloudAccess>, signal: AbortSignal) {
  const { bucket, manifest, source, retry } = asked
  if (bucket !== undefined) {
    const objects = (await cloud()).objects({ signal, ...(retry !== undefined && { retries: retry }) })
    return openStored(objects, { ...asked, bucket })
  }
  if (manifest === undefined) throw new CommandFailed("name the manifest's file with --manifest, or a --bucket")
  return localBundle(manifest, source)
}
