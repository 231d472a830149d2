import { open, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { makeFolder } from '../../emulator/state/files.ts'
import { type BuiltFixture, defaultCache } from '../../fixtures/catalog.ts'
import { CatalogRefused, isUrl, type OfferedFile, type OfferedImage, parseCatalog } from '../catalog/catalog-file.ts'
import { download, sha256Of } from '../catalog/download.ts'
import { CommandFailed } from './data-folder.ts'
import { type Family, families, familyNames } from './fixtures.ts'
import { progressBar } from './progress.ts'

/** An image that can be installed: a starter image, or one that a catalog file offers. */
export interface Offer extends Omit<OfferedImage, 'files'> {
  /** The catalog file that offers it; undefined for a starter image. */
  readonly catalog?: string
  /** Bytes of all its files, where that is known. */
  readonly size?: number
  /** Whether installing it needs to make or fetch anything first. */
  readonly isAtHand: boolean
  /** Brings its files here, in the order in which `image add` takes them. */
  readonly obtain: (signal: AbortSignal) => Promise<string[]>
}

/** Whom the starter images let in. */
const logins: Record<Family, string> = { tiny: 'root', 'debian-12': 'debian' }
const longestCatalog = 4 * 2 ** 20

/** Everything on offer: the starter images, and the images of catalog files, given by path or URL. Throws CommandFailed. */
export async function allOffers(catalogs: readonly string[], signal: AbortSignal): Promise<Offer[]> {
  const starters = await Promise.all(familyNames.map(startersOf))
  const others = await Promise.all(catalogs.map((catalog) => offersOf(catalog, signal)))
  const all = [...starters.flat(), ...others.flat()]
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index)
  if (twice) throw new CommandFailed(`${twice.catalog} offers ${twice.name}, which is offered already`)
  return all
}

/** The offer of that name. Throws CommandFailed with all names when there is none. */
export function offerOf(offers: readonly Offer[], name: string): Offer {
  const found = offers.find((one) => one.name === name)
  if (found) return found
  throw new CommandFailed(`no catalog offers ${name}, but ${offers.map((one) => one.name).join(', ')}`)
}

async function startersOf(family: Family): Promise<Offer[]> {
  const { catalog, installed } = families[family]
  const built = await installed(defaultCache())
  return catalog.map(({ name, description, virtualization, architecture, bootLine }) => {
    const own = built.find((one) => one.name === name)
    const size = own && Object.values<number>(own.sizes).reduce((sum, bytes) => sum + bytes, 0)
    const about = { name, description, virtualization, architecture, bootLine, login: logins[family] }
    const obtain = async () => filesOf(own ?? (await build(family, name)))
    return { ...about, ...(size !== undefined && { size }), isAtHand: own !== undefined, obtain }
  })
}

async function build(family: Family, name: string): Promise<BuiltFixture> {
  const cache = defaultCache()
  await makeFolder(cache)
  const built = await families[family].build({ cache, onProgress: ({ step }) => console.error(step) })
  const found = built.find((one) => one.name === name)
  if (!found) throw new Error(`the build of ${family} made no ${name}`)
  return found
}

function filesOf(fixture: BuiltFixture): string[] {
  if (fixture.virtualization === 'hvm') return [fixture.files.disk]
  const { root, kernel, ramdisk } = fixture.files
  return [root, kernel, ramdisk]
}

async function offersOf(catalog: string, signal: AbortSignal): Promise<Offer[]> {
  const base = isUrl(catalog) ? catalog : resolve(catalog)
  const images = await parsed(await textOf(base, signal), base)
  return Promise.all(
    images.map(async ({ files, ...about }) => ({
      ...about,
      catalog,
      size: files.reduce((sum, { size }) => sum + size, 0),
      isAtHand: (await Promise.all(files.map(isHere))).every(Boolean),
      obtain: async (until: AbortSignal) => {
        const paths: string[] = []
        for (const file of files) paths.push(await obtainFile(file, until))
        return paths
      },
    })),
  )
}

async function parsed(text: string, base: string): Promise<OfferedImage[]> {
  try {
    return parseCatalog(text, base)
  } catch (error) {
    throw error instanceof CatalogRefused ? new CommandFailed(error.message, { cause: error }) : error
  }
}

async function textOf(base: string, signal: AbortSignal): Promise<string> {
  if (!isUrl(base)) {
    const { size } = await stat(base)
    if (size > longestCatalog) throw new CommandFailed(`${base} has ${size} bytes: that is no catalog`)
    return readFile(base, 'utf8')
  }
  const response = await fetch(base, { signal }).catch((error: Error) => {
    signal.throwIfAborted()
    throw new CommandFailed(
      `the catalog ${base} is not had: ${(error.cause as Error | undefined)?.message ?? error.message}`,
      { cause: error },
    )
  })
  if (!response.ok) throw new CommandFailed(`the catalog ${base} is not had: status ${response.status}`)
  const pieces: Uint8Array[] = []
  let total = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    total += piece.length
    if (total > longestCatalog)
      throw new CommandFailed(`${base} goes on for more than ${longestCatalog} bytes: that is no catalog`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

const downloads = () => join(defaultCache(), 'downloads')

/** Whether a file needs no fetching. */
async function isHere({ location, sha256, size }: OfferedFile): Promise<boolean> {
  const found = await stat(isUrl(location) ? join(downloads(), sha256) : location).catch(() => undefined)
  return found?.size === size
}

/** A file's path, its bytes being those of the checksum. */
async function obtainFile(file: OfferedFile, signal: AbortSignal): Promise<string> {
  const { location, sha256, size } = file
  if (!isUrl(location)) {
    const found = await open(location)
    const { size: bytes } = await found.stat().finally(() => found.close())
    if (bytes !== size) throw new CommandFailed(`${location} has ${bytes} bytes, but the catalog says ${size}`)
    const sum = await sha256Of(location)
    if (sum !== sha256) throw new CommandFailed(`${location} has the SHA-256 ${sum}, but the catalog says ${sha256}`)
    return location
  }
  const bar = progressBar(basename(new URL(location).pathname))
  await makeFolder(defaultCache())
  return download(file, { folder: downloads(), onProgress: bar.update, signal }).finally(bar.finish)
}
