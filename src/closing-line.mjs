// @ts-check
/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * The line that ends the output of a test run.
 *
 * @param {Tally} tally
 */
export const closingLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/**
 * Counts a run over all projects. What failed outside a test (a file that does not load, a hook, a rejection that nobody
 * handled) and a test that never ended count as failed: a run that is not good must not read as if it were.
 *
 * @param {readonly import('vitest/node').TestModule[]} modules
 * @param {number} unhandled
 * @returns {Tally}
 */
function count(modules, unhandled) {
  const tally = { passed: 0, failed: unhandled, skipped: 0 }
  for (const module of modules) {
    tally.failed += module.errors().length
    for (const suite of module.children.allSuites()) tally.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      tally[state === 'pending' ? 'failed' : state] += 1
    }
  }
  return tally
}

/** A vitest reporter that prints `N passed, N failed, N skipped` as the very last line. */
export default class ClosingLine {
  /** @type {Tally} */
  tally = { passed: 0, failed: 0, skipped: 0 }

  onInit() {
    // Other reporters and vitest's own warnings print until the process ends.
    process.once('exit', (code) => {
      if (code !== 0 && this.tally.failed === 0) this.tally.failed = 1
      process.stdout.write(`${closingLine(this.tally)}\n`)
    })
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    this.tally = count(modules, unhandled.length)
  }
}
