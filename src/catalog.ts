import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunningEmulator } from '../emulator/index.ts'
import { type BuiltFixture, defaultCache, installedFixtures } from '../fixtures/catalog.ts'
import type { ImageKind } from './bundle/manifest.ts'
import { writeManifest } from './bundle/manifest-writer.ts'
import { findParts, writeParts } from './client/bundle-parts.ts'

/**
 * Registers the starter images that have been built, as bundles in Object Storage like any other image. The encrypted
 * parts are made once and kept beside the images; only the manifest is made for each cloud.
 */
export async function registerCatalog(running: RunningEmulator): Promise<{ id: string; name: string }[]> {
  const cache = defaultCache()
  const registered: { id: string; name: string }[] = []
  for (const fixture of await installedFixtures(cache)) {
    for (const part of piecesOf(fixture)) {
      registered.push(await registerOne(running, cache, fixture, part))
    }
  }
  return registered
}

interface Piece {
  readonly name: string
  readonly file: string
  readonly kind: ImageKind
  readonly kernel?: string
  readonly ramdisk?: string
}

/** The images that a fixture is registered as: one disk, or kernel and ramdisk before the root that names them. */
function piecesOf(fixture: BuiltFixture): Piece[] {
  const { name } = fixture
  if (fixture.virtualization === 'hvm') return [{ name, file: fixture.files.disk, kind: 'machine' }]
  const [kernel, ramdisk] = [`${name}-kernel`, `${name}-ramdisk`]
  return [
    { name: kernel, file: fixture.files.kernel, kind: 'kernel' },
    { name: ramdisk, file: fixture.files.ramdisk, kind: 'ramdisk' },
    { name, file: fixture.files.root, kind: 'machine', kernel, ramdisk },
  ]
}

async function registerOne(running: RunningEmulator, cache: string, fixture: BuiltFixture, piece: Piece) {
  const { name, file, kind, ...loadables } = piece
  const folder = join(cache, 'bundles', fixture.digest, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const set = (await findParts(folder)) ?? (await writeParts(file, folder, { name }))
  const { id } = await running.addToCatalog({
    name,
    virtualization: fixture.virtualization,
    prefix: `${name}-${fixture.digest.slice(0, 12)}`,
    parts: set.parts.map(({ filename }) => ({ filename, path: join(folder, filename) })),
    manifestName: `${name}.manifest.xml`,
    ...loadables,
    manifest: (ids) =>
      writeManifest(set, {
        accountId: running.credentials.accountId,
        kind,
        architecture: fixture.architecture,
        ...ids,
        cloudCertificate: running.cloudCertificate,
      }),
  })
  return { id, name }
}
