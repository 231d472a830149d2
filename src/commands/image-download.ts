import { basename, join, resolve } from 'node:path'
import { makeFolder } from '../../emulator/state/files.ts'
import { verifiedPart } from '../client/bundle-place.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { writeWhole } from '../client/local-bundle.ts'
import { openStored, type StoredBundle } from './bundle-key.ts'
import { CommandFailed } from './data-folder.ts'
import { progressBar } from './progress.ts'

/**
 * Downloads the parts of a bundle, each part's digest checked, and then its manifest into a folder, which is made, as
 * euca-download-bundle. Returns the manifest's path. A file that is there appears whole, and never in part.
 */
export async function downloadBundle(
  asked: StoredBundle & { readonly directory?: string; readonly retry?: number },
  cloud: CloudAccess,
  signal: AbortSignal,
): Promise<string> {
  const { directory = '.', retry } = asked
  const place = await openStored(cloud.objects({ signal, ...(retry !== undefined && { retries: retry }) }), asked)
  const folder = resolve(directory)
  // Whatever a manifest of somebody else's says, no other file of the folder is written over.
  const odd = place.manifest.parts.find(({ filename }) => !/^[^.].*\.part\.\d+$/.test(filename))
  if (odd) throw new CommandFailed(`the part ${odd.filename} of ${place.name} is not named as parts are: NAME.part.NN`)
  await makeFolder(folder)
  const bar = progressBar(basename(place.key))
  let done = 0
  try {
    for (const part of place.manifest.parts) {
      signal.throwIfAborted()
      const bytes = await verifiedPart(place, part)
      await writeWhole(join(folder, part.filename), bytes)
      done += bytes.length
      bar.update(done, place.manifest.bundledSize)
    }
  } finally {
    bar.finish()
  }
  const path = join(folder, basename(place.key))
  await writeWhole(path, place.text)
  return path
}
