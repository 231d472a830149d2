import { join } from 'node:path'
import { type BuiltFixture, defaultCache, installedFixtures } from '../fixtures/catalog.ts'
import { withNonce } from '../fixtures/nonce.ts'
import type { ImageKind } from '../src/bundle/manifest.ts'
import { registerImage, uploadBundle } from './images.ts'
import type { Tools } from './tools.ts'

/** A starter image of one kind, built. */
export type Starter<Kind extends BuiltFixture['virtualization']> = Extract<BuiltFixture, { virtualization: Kind }>

/** The starter image of a kind. Throws when it has not been built. */
export async function starterImage<Kind extends BuiltFixture['virtualization']>(kind: Kind): Promise<Starter<Kind>> {
  const found = (await installedFixtures(defaultCache())).find(({ virtualization }) => virtualization === kind)
  if (!found) throw new Error(`there is no ${kind} starter image: build it with "euca-emu fixtures build"`)
  return found as Starter<Kind>
}

/** A copy of an image's file with a fresh nonce in its bytes; it is removed after the case. */
export async function withFreshNonce(tools: Tools, source: string): Promise<{ file: string; nonce: string }> {
  const folder = await tools.folder()
  const [file, nonce] = [join(folder, 'image'), tools.name('nonce')]
  await withNonce(source, file, nonce)
  return { file, nonce }
}

/** Bundles, uploads and registers the starter image of a kind, and gives the id of its machine image. */
export async function registerStarter(tools: Tools, kind: BuiltFixture['virtualization']): Promise<string> {
  const upload = async (image: string, kind: ImageKind = 'machine') =>
    (await uploadBundle(tools, { image, kind })).location
  if (kind === 'hvm') {
    const { files } = await starterImage('hvm')
    return registerImage(tools, await upload(files.disk), { VirtualizationType: 'hvm' })
  }
  const { files } = await starterImage('paravirtual')
  const KernelId = await registerImage(tools, await upload(files.kernel, 'kernel'))
  const RamdiskId = await registerImage(tools, await upload(files.ramdisk, 'ramdisk'))
  return registerImage(tools, await upload(files.root), { KernelId, RamdiskId })
}
