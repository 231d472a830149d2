import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What decides whether a distribution boots: the recipe of its images, and the node with the network that it sees. */
const folders = ['fixtures/debian-12', 'fixtures/hvm', 'emulator/disk', 'emulator/machines', 'emulator/metadata']
const node = ['emulator/network', 'emulator/node']

/** Holds the digest of the sources with which Debian 12 was last seen to boot; committed with the change that it proves. */
const proof = join(root, 'fixtures', 'debian-12.proven')

/** The digest of the sources that decide whether Debian 12 boots; tests are not among them. */
export async function debianSources(repository: string = root): Promise<string> {
  const digest = createHash('sha256')
  for (const folder of [...folders, ...node]) {
    const paths = await readdir(join(repository, folder), { recursive: true })
    const sources = paths.filter((path) => /\.ts$/.test(path) && !/\.(test|contract|harness)\.ts$/.test(path)).sort()
    for (const path of sources) {
      const content = createHash('sha256').update(await readFile(join(repository, folder, path)))
      digest.update(`${folder}/${path} ${content.digest('hex')}\n`)
    }
  }
  return digest.digest('hex')
}

/** Whether Debian 12 has been seen to boot with these sources. */
export async function isProven(sources: string): Promise<boolean> {
  const proven = await readFile(proof, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return proven.trim() === sources
}

/** Notes that Debian 12 has been seen to boot with these sources, for the next commit; not in CI, which commits nothing. */
export async function recordProof(sources: string): Promise<void> {
  if (!process.env['CI']) await writeFile(proof, `${sources}\n`)
}
