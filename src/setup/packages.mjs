// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, step } from './step.mjs'

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} Locked
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
const lockedPackages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages

/**
 * Whether node_modules holds what package-lock.json asks for: npm writes the list of what it installed as its last act,
 * so an install that was cut short does not count. Packages of other platforms may be missing.
 *
 * @param {string} folder the repository
 */
export function packagesAreInstalled(folder) {
  const installedList = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installedList)) return false
  const installed = lockedPackages(installedList)
  return Object.entries(lockedPackages(join(folder, 'package-lock.json'))).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || installed[path]?.version === version || (!installed[path] && (optional || devOptional)),
  )
}

/** Installs the packages when they are missing or not those of package-lock.json. Throws StepFailed. */
export async function providePackages() {
  if (packagesAreInstalled(root)) return
  await step('install packages (npm ci)', ['npm', 'ci', '--include=dev', '--no-audit', '--no-fund'])
}
