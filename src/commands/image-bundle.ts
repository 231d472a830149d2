import { tmpdir } from 'node:os'
import { basename, resolve } from 'node:path'
import { makeFolder } from '../../emulator/state/files.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { writeBundle } from '../client/local-bundle.ts'
import { describeBundle, type ImageToBundle } from './bundle-description.ts'
import { progressBar } from './progress.ts'

/** Bundles an image into files in a folder (the system's for temporary files), which is made, as euca-bundle-image; the manifest's path. */
export async function bundleImage(
  asked: ImageToBundle & { readonly destination?: string; readonly partSize?: number },
  cloud: () => Promise<CloudAccess>,
  signal: AbortSignal,
): Promise<string> {
  const described = await describeBundle(asked, cloud)
  const { image, destination = tmpdir(), partSize } = asked
  const folder = resolve(destination)
  await makeFolder(folder)
  const bar = progressBar(basename(image))
  const target = { image, folder, ...(partSize !== undefined && { partSize }) }
  return writeBundle({ ...described, ...target, signal, onProgress: bar.update }).finally(bar.finish)
}
