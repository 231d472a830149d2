import type { Cloud } from '../../cloud.ts'
import {
  type ImportManifest,
  type ImportPart,
  ImportRefused,
  largestImportManifest,
  readImportManifest,
} from './import-manifest.ts'
import { isOwnUrl, openByUrl } from './own-objects.ts'

const bytesOf = ({ start, end }: ImportPart) => end - start + 1

/** Reads the manifest at a URL, or says `missing` or `denied`. Throws ImportRefused for one that is none. */
export async function manifestAt(cloud: Cloud, url: string): Promise<ImportManifest | 'missing' | 'denied'> {
  const found = await openByUrl(cloud, url, 'GET')
  if (typeof found === 'string') return found
  if (found.record.data.size > largestImportManifest) {
    found.close()
    throw new ImportRefused('The import manifest is too large')
  }
  const chunks: Buffer[] = []
  for await (const chunk of found.body()) chunks.push(chunk)
  const manifest = readImportManifest(Buffer.concat(chunks))
  const urls = manifest.parts.flatMap(({ getUrl, headUrl }) => [getUrl, headUrl])
  const strange = urls.find((one) => !isOwnUrl(cloud, one))
  if (strange !== undefined) throw new ImportRefused(`The part at ${strange.slice(0, 200)} is not in this cloud`)
  return manifest
}

/**
 * Looks whether a manifest and all of its parts are there, remembering what it found: parts come one after the other, so
 * each look asks for the first that is missing and those behind it.
 */
export function uploadWatch(cloud: Cloud, url: string): () => Promise<boolean> {
  let known: { readonly etag: string; readonly manifest: ImportManifest; there: number } | undefined
  const current = async () => {
    const found = await openByUrl(cloud, url, 'GET')
    if (typeof found === 'string') return undefined
    found.close()
    const { etag } = found.record
    if (known?.etag === etag) return known
    const manifest = await manifestAt(cloud, url)
    return typeof manifest === 'string' ? undefined : { etag, manifest, there: 0 }
  }
  return async () => {
    known = await current()
    if (!known) return false
    for (const part of known.manifest.parts.slice(known.there)) {
      const found = await openByUrl(cloud, part.headUrl, 'HEAD')
      if (typeof found === 'string') return false
      found.close()
      known.there += 1
    }
    return true
  }
}

/**
 * The bytes of the file, part after part. Throws ImportRefused when a part is not there any more or has another length
 * than its place in the file.
 */
export async function* partsOf(cloud: Cloud, { parts }: ImportManifest, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const [index, part] of parts.entries()) {
    signal.throwIfAborted()
    const found = await openByUrl(cloud, part.getUrl, 'GET')
    if (typeof found === 'string') throw new ImportRefused(`The part ${index} cannot be read: ${found}`)
    const { size } = found.record.data
    if (size !== bytesOf(part)) {
      found.close()
      throw new ImportRefused(`The part ${index} has ${size} bytes, not ${bytesOf(part)}`)
    }
    yield* found.body()
  }
}
