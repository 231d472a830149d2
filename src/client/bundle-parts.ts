import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BundleOptions, bundle, type PartSet } from '../bundle/bundler.ts'
import { tapped } from '../bundle/streams.ts'

/** The bytes of an image: a file's path, or a stream of known size. */
export type ImageSource = string | { readonly stream: AsyncIterable<Uint8Array>; readonly size: number }

/** Hears how many bytes of the image have been read. */
export type OnProgress = (bytesDone: number, total: number) => void

const summaryName = 'parts.json'

/** Opens an image for reading; `size` is exact for files that nobody writes to. */
export async function openImage(
  image: ImageSource,
  onProgress?: OnProgress,
): Promise<{ stream: AsyncIterable<Uint8Array>; size: number }> {
  const { stream, size } =
    typeof image === 'string' ? { stream: bytesOf(image), size: (await stat(image)).size } : image
  if (!onProgress) return { stream, size }
  let done = 0
  const report = (chunk: Uint8Array) => {
    done += chunk.length
    onProgress(done, size)
  }
  return { stream: tapped(stream, report), size }
}

/** Opens the file when the first byte is asked for, so that nothing stays open if none is. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 256 * 1024 })
}

/**
 * Bundles an image into a folder (0700, as the parts' key is kept beside them), so that manifests for any cloud can be
 * written later without reading the image again. The summary is written last: a folder without it is not complete.
 */
export async function writeParts(
  image: ImageSource,
  folder: string,
  options: Omit<BundleOptions, 'size'> & { onProgress?: OnProgress },
): Promise<PartSet> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { stream, size } = await openImage(image, options.onProgress)
  const set = await bundle(stream, { ...options, size }, ({ filename, bytes }) =>
    writeFile(join(folder, filename), bytes, { mode: 0o600 }),
  )
  const temporary = join(folder, `${summaryName}.new`)
  await writeFile(temporary, JSON.stringify(set, undefined, 2), { mode: 0o600 })
  await rename(temporary, join(folder, summaryName))
  return set
}

/** The parts that `writeParts` has left in a folder; undefined when it has not, or was interrupted. */
export async function findParts(folder: string): Promise<PartSet | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, summaryName), 'utf8')) as PartSet
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
