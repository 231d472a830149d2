// @ts-check
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, step, tool } from './step.mjs'

/** The program that a build makes. */
export const program = join(root, 'dist', 'src', 'cli.js')

/** @typedef {{ files: string[], digest: string }} Sources what a build was made from */

/**
 * The files that a build is made from, and one digest over their names and contents.
 *
 * @param {string} folder the repository
 * @returns {Sources}
 */
export function sources(folder) {
  const files = ['src', 'emulator', 'conformance', 'fixtures', 'bench']
    .filter((name) => existsSync(join(folder, name)))
    .flatMap((name) => readdirSync(join(folder, name), { recursive: true }).map((path) => `${name}/${path}`))
    .filter((path) => /\.(ts|mjs|json)$/.test(path))
    .sort()
  const digest = createHash('sha256')
  for (const file of [...files, 'tsconfig.json', 'package-lock.json']) {
    digest.update(`${file}\0`).update(readFileSync(join(folder, file)))
  }
  return { files, digest: digest.digest('hex') }
}

/**
 * What has to be done to a build made from `before` (undefined: unknown) so that it is one of `now`. A source that is
 * gone would leave its output behind, and an operation is found by its file: then the build starts from nothing.
 *
 * @param {Sources | undefined} before
 * @param {Sources} now
 * @returns {'nothing' | 'compile' | 'remove and compile'}
 */
export function buildPlan(before, now) {
  if (!before) return 'remove and compile'
  if (before.digest === now.digest) return 'nothing'
  const present = new Set(now.files)
  return before.files.every((file) => present.has(file)) ? 'compile' : 'remove and compile'
}

/** Compiles into dist when a source has changed since the last build. Throws StepFailed. */
export async function build() {
  const dist = join(root, 'dist')
  const stamp = join(dist, '.sources.json')
  const now = sources(root)
  const plan = buildPlan(existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')) : undefined, now)
  if (plan === 'nothing') return
  // Until the build is whole there is no stamp, so one that was cut short is not taken for a good one.
  rmSync(plan === 'compile' ? stamp : dist, { recursive: true, force: true })
  await step('compile', tool('typescript/bin/tsc', '-p', '.'))
  mkdirSync(dist, { recursive: true })
  writeFileSync(stamp, JSON.stringify(now))
}
