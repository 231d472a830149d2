import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BundleOptions, bundle } from '../bundle/bundler.ts'
import { largestPart } from '../bundle/manifest.ts'
import { type ManifestDescription, writeManifest } from '../bundle/manifest-writer.ts'
import { largestManifest } from '../bundle/manifest-xml.ts'
import { BundleRefused } from '../bundle/refusal.ts'
import { type OnProgress, openImage } from './bundle-parts.ts'
import { type BundlePlace, bundlePlace } from './bundle-place.ts'

/** Opens the bundle of a manifest's file; its parts lie beside it, or in `folder`. Throws `BundleRefused`. */
export async function localBundle(path: string, folder: string = dirname(path)): Promise<BundlePlace> {
  const bytes = await readUpTo(path, largestManifest)
  return bundlePlace(path, bytes, (filename) =>
    readUpTo(join(folder, filename), largestPart).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    }),
  )
}

/** A whole file, unless it is larger: a folder of parts may come from anybody. */
async function readUpTo(path: string, largest: number): Promise<Buffer> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > largest) throw new BundleRefused(`${path} is larger than ${largest} bytes`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** What `writeBundle` is told. */
interface BundleToWrite extends ManifestDescription, Omit<BundleOptions, 'size'> {
  readonly name: string
  /** The image's path. */
  readonly image: string
  /** A folder that exists. */
  readonly folder: string
  readonly onProgress?: OnProgress
}

/**
 * Bundles an image into files as euca-bundle-image does: `NAME.part.NN`, then `NAME.manifest.xml`. Returns the
 * manifest's path. A bundle of that name there is replaced; when this fails, what it wrote is removed.
 */
export async function writeBundle(request: BundleToWrite): Promise<string> {
  const { name, image, folder, onProgress } = request
  const { stream, size } = await openImage(image, onProgress)
  const manifest = join(folder, `${name}.manifest.xml`)
  const written: string[] = []
  try {
    // An older manifest does not describe the parts that are about to be replaced.
    await rm(manifest, { force: true })
    const set = await bundle(stream, { ...request, size }, async ({ filename, bytes }) => {
      const path = join(folder, filename)
      written.push(path)
      await writeFile(path, bytes)
    })
    await writeWhole(manifest, writeManifest(set, request))
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })))
    throw error
  }
  return manifest
}

/** Writes a file that appears only when it is whole. */
export async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.new`
  try {
    await writeFile(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
