// @ts-check
/**
 * What `npm start`, `npm test` and the other scripts run: gets what is missing (packages, the compiled program, QEMU,
 * bootable images) and does the work. It needs nothing but Node, so it works before packages were ever installed.
 */
import { pathToFileURL } from 'node:url'
import { build, program } from './setup/build.mjs'
import { check, closingLineOfFailure, runTests } from './setup/check.mjs'
import { providePackages } from './setup/packages.mjs'
import { StepFailed, step } from './setup/step.mjs'
import { isInstalled, provideDebianTools, provideQemu, provideTestTools, provideUefi } from './setup/system.mjs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node 20.19 or later is needed, this is ${process.version}: install a current one and type it again`)
  process.exit(1)
}

/** Makes the bootable images that are not in the cache yet, from Debian's packages. Throws StepFailed. */
async function buildFixtures() {
  if (!isInstalled('apt-get')) return
  await step('bootable images', [process.execPath, program, 'fixtures', 'build'])
}

/**
 * Waits for what only a few need; where it cannot be had, says what to type and goes on.
 *
 * @param {Promise<void>} provided
 */
const ifPossible = (provided) =>
  provided.catch((error) => {
    if (!(error instanceof StepFailed)) throw error
    console.error(error.message)
  })

/** @param {string[]} args */
async function start(args) {
  await provideProgram()
  try {
    await provideQemu()
    await buildFixtures()
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    console.error(
      `\n${error.message}\nStarting without: Object Storage and the APIs run, launches say what is missing.`,
    )
  }
  await ifPossible(provideUefi())
  // In this very process: signals and the exit code are the program's own.
  process.argv = [process.execPath, program, 'start', ...args]
  await import(pathToFileURL(program).href)
}

async function provideProgram() {
  await providePackages()
  await build()
}

/** Every check and every test; what boots needs QEMU and images. @param {string[]} args for vitest */
async function test(args) {
  await check()
  await provideTestTools()
  await provideQemu()
  await buildFixtures()
  // Needed only when the node has changed: then the test says so itself.
  await ifPossible(provideDebianTools())
  await ifPossible(provideUefi(['ovmf', 'systemd-boot-efi']))
  await runTests(args)
}

/** @type {Record<string, (args: string[]) => Promise<void>>} */
const commands = {
  start,
  build: provideProgram,
  check,
  async quick(args) {
    await provideProgram()
    await provideTestTools()
    await runTests(['--project', 'unit', '--project', 'conformance', '--tags-filter', '!slow', ...args])
  },
  // Compares the Object Storage with its peers, which it installs into a cache; bench/run.ts has its options.
  async bench(args) {
    await provideProgram()
    process.argv = [process.execPath, 'bench', ...args]
    await import(new URL('../dist/bench/run.js', import.meta.url).href)
  },
  test: (args) => test(['--tags-filter', '!slow', ...args]),
  full: test,
}

const [name = '', ...args] = process.argv.slice(2)
try {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new StepFailed(`usage: node src/setup.mjs ${Object.keys(commands).join('|')} [arguments]`)
  await command(args)
} catch (error) {
  if (!(error instanceof StepFailed)) throw error
  console.error(`\n${error.message}`)
  if (['test', 'quick', 'full'].includes(name)) console.log(closingLineOfFailure)
  process.exitCode = 1
}
