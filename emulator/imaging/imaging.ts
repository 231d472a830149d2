import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type FoundManifest, findManifest } from './bundle-source.ts'
import { ManifestUnreadable, TemplateFailed } from './failures.ts'
import { shareWork, type Waiter } from './shared-work.ts'
import type { ImagingWorld, Template, TemplateKey } from './template.ts'
import { temporaryMark, unpackTemplate } from './unpacking.ts'

/** The imaging service: from a bundle in the object storage to a file that the node can use. */
export interface Imaging {
  /** Reads the manifest at `bucket/key` as aws-exec-read. Throws `ManifestUnreadable`. */
  readManifest(location: string): Promise<FoundManifest>
  /** Reads the manifest again and throws `TemplateFailed` when it is not what was registered, or cannot be read. */
  checkManifest(image: { location: string; manifestSha256: string }): Promise<FoundManifest>
  /**
   * The template of an image, unpacked and verified at the first launch and kept from then on. Launches at the same
   * time unpack it once. Throws `TemplateFailed` or the signal's reason; a failure leaves nothing behind.
   */
  template(image: TemplateKey & { location: string }, waiter?: Waiter): Promise<Template>
  /** Removes a template. The caller knows that no machine uses it and no launch is under way. */
  forget(key: TemplateKey): Promise<void>
}

/** Opens the cache and removes what an earlier run has left half-way. */
export async function createImaging(world: ImagingWorld): Promise<Imaging> {
  const { objects, folder } = world
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith(temporaryMark))
  await Promise.all(leftovers.map((name) => rm(join(folder, name))))
  const share = shareWork<Template>()

  const checkManifest: Imaging['checkManifest'] = async ({ location, manifestSha256 }) => {
    const found = await findManifest(objects, location).catch((error: unknown) => {
      throw error instanceof ManifestUnreadable ? new TemplateFailed(error.message, { cause: error }) : error
    })
    // The sentence of Eucalyptus (Emis.java).
    if (found.sha256 !== manifestSha256) throw new TemplateFailed('Instance manifest was changed after registration')
    return found
  }

  return {
    readManifest: (location) => findManifest(objects, location),
    checkManifest,
    async template(image, waiter = {}) {
      const name = templateName(image)
      return share(name, waiter, async (signal, onProgress) => {
        const file = join(folder, name)
        const kept = await stat(file).catch(ignoreMissing)
        if (kept) return { file, bytes: kept.size }
        const found = await checkManifest(image)
        return unpackTemplate(world, { found, layout: image.layout, file, signal, onProgress })
      })
    },
    async forget(key) {
      await rm(join(folder, templateName(key)), { force: true })
    },
  }
}

function templateName({ manifestSha256, layout }: TemplateKey): string {
  if (!/^[0-9a-f]{64}$/.test(manifestSha256)) throw new TypeError(`not a SHA-256 in hex: ${manifestSha256}`)
  return `${manifestSha256}.${layout}`
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
