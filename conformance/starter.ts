import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuiltFixture, defaultCache, installedFixtures } from '../fixtures/catalog.ts'
import { withNonce } from '../fixtures/nonce.ts'
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
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-conformance-'))
  tools.later(`folder ${folder}`, () => rm(folder, { recursive: true, force: true }))
  const [file, nonce] = [join(folder, 'image'), tools.name('nonce')]
  await withNonce(source, file, nonce)
  return { file, nonce }
}
