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
  /** Removes the templates that are not needed: the caller knows which machines and launches use which. */
  sweep(isNeeded: (template: { readonly name: string; readonly manifestSha256: string }) => boolean): Promise<void>
}

/** Opens the cache and removes what an earlier run has left half-way. */
export async function createImaging(world: ImagingWorld): Promise<Imaging> {
  const { objects, folder } = world
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const leftovers = (await readdir(folder)).filter((name) => name.startsWith(temporaryMark))
  await Promise.all(leftovers.map((name) => rm(join(folder, name))))
  const share = shareWork<Template>()

  const checkManifest: Imaging['checkManifest'] = async ({ location, manifestSha256 }) => {
    const check = (sha256: string) => {
      // The sentence of Eucalyptus (Emis.java).
      if (sha256 !== manifestSha256) throw new TemplateFailed('Instance manifest was changed after registration')
    }
    return findManifest(objects, location, check).catch((error: unknown) => {
      throw error instanceof ManifestUnreadable ? new TemplateFailed(error.message, { cause: error }) : error
    })
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
    async sweep(isNeeded) {
      for (const name of await readdir(folder)) {
        const manifestSha256 = /^([0-9a-f]{64})\.(?:file|disk|partition)$/.exec(name)?.[1]
        if (manifestSha256 && !isNeeded({ name, manifestSha256 })) await rm(join(folder, name), { force: true })
      }
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
