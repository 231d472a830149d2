// @ts-check
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** A step that cannot be done; the message tells a person what to do. */
export class StepFailed extends Error {
  /** @override */
  name = 'StepFailed'
}

/**
 * Runs a program in the repository's folder with its output shown, and resolves with its exit code (127 when it is not
 * there). A signal that ends us meanwhile reaches the program first; then this process ends as well.
 *
 * @param {readonly string[]} command
 * @param {Record<string, string>} [environment] what is added to ours
 * @returns {Promise<number>}
 */
export function run([program = '', ...args], environment = {}) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } })
  /** @type {NodeJS.Signals | undefined} */
  let interrupted
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    interrupted = signal
    // A terminal sends its Ctrl-C to the program too; a second one would mean "at once" to some.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      for (const name of signals) process.off(name, forward)
      if ('code' in error && error.code === 'ENOENT') resolve(127)
      else reject(error)
    })
    child.on('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      if (interrupted) process.exit(128 + constants.signals[interrupted])
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL'])
    })
  })
}

/**
 * Does one named step, showing its name first and its time afterwards. Throws StepFailed when a program of it fails.
 *
 * @param {string} name
 * @param {readonly string[]} command
 */
export async function step(name, command) {
  const start = performance.now()
  console.log(`\n== ${name}`)
  const code = await run(command)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (code !== 0) throw new StepFailed(`${name} failed after ${seconds} s (exit code ${code})`)
  console.log(`== ${name}: ${seconds} s`)
}

/**
 * The command line of a JavaScript program in node_modules, run with the Node that runs us.
 *
 * @param {string} path below node_modules
 * @param {readonly string[]} args
 */
export const tool = (path, ...args) => [process.execPath, `${root}node_modules/${path}`, ...args]
