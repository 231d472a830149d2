// @ts-check
import { closingLine } from '../closing-line.mjs'
import { build } from './build.mjs'
import { providePackages } from './packages.mjs'
import { run, step, tool } from './step.mjs'

/** The last line of a check that ended before any test ran. */
export const closingLineOfFailure = closingLine({ passed: 0, failed: 1, skipped: 0 })

/** Compiles, and checks everything that can be checked without running it, cheapest first. Throws StepFailed. */
export async function check() {
  await providePackages()
  await step('format and lint', tool('@biomejs/biome/bin/biome', 'check'))
  await build()
  await step('unused files, exports and packages', tool('knip/bin/knip.js'))
  await step('package layout', tool('publint/src/cli.js', '--strict'))
}

/**
 * Runs the tests. All projects run in one go, the quickest first, so that the output ends with their one closing line;
 * their exit code becomes ours.
 *
 * @param {string[]} args for vitest
 */
export async function runTests(args) {
  console.log('\n== tests')
  process.exitCode = await run(tool('vitest/vitest.mjs', 'run', ...args))
}
