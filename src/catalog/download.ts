import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { OfferedFile } from './catalog-file.ts'
import { claim } from './claim.ts'

/** Where a download goes, and whom to tell. */
export interface Downloading {
  /** Finished files are in it by their checksum, and what there is of others. */
  readonly folder: string
  readonly onProgress: (done: number, total: number) => void
  readonly signal: AbortSignal
}

/** A file that is not had, or is not what the catalog says; the message names it. */
export class DownloadFailed extends Error {
  override readonly name = 'DownloadFailed'
}

/** So often a connection may break off without any byte having come. */
const mostAttempts = 4

/**
 * Fetches a file into the folder, unless it is there, and gives its path. What came before a connection, or we, broke off
 * is kept, and the next download goes on behind it where the server says that its file is still the same. Rejects with
 * DownloadFailed for bytes that are not those of the checksum, which are not kept.
 */
export async function download(file: OfferedFile, downloading: Downloading): Promise<string> {
  const { folder } = downloading
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, file.sha256)
  if (await isThere(path, file)) return path
  const release = await claim(`${path}.lock`)
  try {
    const part = `${path}.part`
    await fetchAll(file, part, downloading)
    const sum = await sha256Of(part)
    if (sum !== file.sha256) {
      await forget(part)
      throw new DownloadFailed(`${file.location} has the SHA-256 ${sum}, but the catalog says ${file.sha256}`)
    }
    await chmod(part, 0o444)
    await rename(part, path)
    await rm(`${part}.json`, { force: true })
    return path
  } finally {
    await release()
  }
}

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash)
  return hash.digest('hex')
}

/** Whether a finished download is whole; one that was changed since is removed. */
async function isThere(path: string, { size, sha256 }: OfferedFile): Promise<boolean> {
  const found = await sizeOf(path)
  if (found === 0) return false
  if (found === size && (await sha256Of(path)) === sha256) return true
  await rm(path)
  return false
}

/** The bytes of a file; 0 when there is none. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

async function forget(part: string): Promise<void> {
  await rm(part, { force: true })
  await rm(`${part}.json`, { force: true })
}

/** Fetches until all bytes are there; a connection that breaks off is made again while that brings it further. */
async function fetchAll(file: OfferedFile, part: string, downloading: Downloading): Promise<void> {
  let furthest = await sizeOf(part)
  if (furthest === file.size) return
  for (let attempts = 1; ; attempts++) {
    let failure: unknown = new Error('the connection brings no more')
    try {
      await fetchRest(file, part, await sizeOf(part), downloading)
    } catch (error) {
      downloading.signal.throwIfAborted()
      if (error instanceof DownloadFailed) throw error
      failure = error
    }
    const have = await sizeOf(part)
    if (have === file.size) return
    if (have > furthest) attempts = 0
    else if (attempts >= mostAttempts) throw asFailed(file, failure)
    furthest = Math.max(furthest, have)
  }
}

function asFailed({ location }: OfferedFile, error: unknown): DownloadFailed {
  const { message, cause } = error as Error
  const why = cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message
  return new DownloadFailed(`${location} is not had: ${why}`, { cause: error })
}

/** What the server called the bytes that came so far. */
interface Origin {
  readonly location: string
  /** Its ETag; a weak one does not promise equal bytes. */
  readonly tag?: string
}

async function originOf(part: string): Promise<Origin | undefined> {
  try {
    return JSON.parse(await readFile(`${part}.json`, 'utf8')) as Origin
  } catch (error) {
    // Without it, or with half of it, what is there has no name: it is fetched from the start.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function fetchRest(file: OfferedFile, part: string, have: number, { signal, onProgress }: Downloading) {
  const { location, size } = file
  const origin = await originOf(part)
  const goesOn = have > 0 && have < size && origin?.location === location && origin.tag !== undefined
  const asked = goesOn ? { range: `bytes=${have}-`, 'if-range': origin.tag ?? '' } : {}
  // Packed on the way, a range would be one of other bytes.
  const headers = { ...asked, 'accept-encoding': 'identity' }
  const response = await fetch(location, { headers, signal })
  const isRest = goesOn && response.status === 206
  if (isRest) await checkRange(response, have, file, part)
  else await begin(response, file, part)
  if (!response.body) return
  const target = await open(part, isRest ? 'a' : 'w', 0o600)
  let done = isRest ? have : 0
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      done += chunk.length
      if (done > size) {
        await forget(part)
        throw new DownloadFailed(`${location} has more than the ${size} bytes that the catalog says`)
      }
      await target.writeFile(chunk)
      onProgress(done, size)
    }
  } finally {
    await target.close()
  }
}

async function checkRange(response: Response, have: number, { location, size }: OfferedFile, part: string) {
  const range = response.headers.get('content-range') ?? 'nothing'
  if (range.replace(/\*$/, `${size}`) === `bytes ${have}-${size - 1}/${size}`) return
  await response.body?.cancel()
  await forget(part)
  throw new DownloadFailed(`${location} answers with ${range}, but bytes ${have}-${size - 1} of ${size} were asked for`)
}

/** Looks at an answer that brings the file from its start, and remembers what the server calls it. */
async function begin(response: Response, { location, size }: OfferedFile, part: string): Promise<void> {
  if (response.status !== 200) {
    await response.body?.cancel()
    if (response.status === 416) await forget(part)
    throw new DownloadFailed(`${location} answers with status ${response.status}`)
  }
  const length = response.headers.get('content-length')
  if (length !== null && Number(length) !== size) {
    await response.body?.cancel()
    throw new DownloadFailed(`${location} has ${length} bytes, but the catalog says ${size}`)
  }
  const tag = response.headers.get('etag')
  const strong = tag?.startsWith('"') ? { tag } : {}
  await rm(part, { force: true })
  await writeFile(`${part}.json`, JSON.stringify({ location, ...strong } satisfies Origin), { mode: 0o600 })
}
