#!/usr/bin/env node
import { inspect } from 'node:util'
import { Argument, Command, Option } from 'commander'
import { addBundleCommands, addMigrate } from './commands/bundle-commands.ts'
import { addCatalogCommands } from './commands/catalog-commands.ts'
import { addConformance } from './commands/conformance-commands.ts'
import { readDataFolder } from './commands/data-folder.ts'
import { programName } from './commands/program-name.ts'
import { readSettings, type Settings, settingsTable, variableOf } from './settings.ts'
import { version } from './version.ts'

// Each command loads its own code when it is run: `env` must not wait for a server's libraries.
const program = new Command('euca-emu')
  .description('A local Eucalyptus (AWS-compatible) cloud in one process that boots what you register')
  .version(version)
  .enablePositionalOptions()
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'euca-emu: ')) })
  .configureHelp({ showGlobalOptions: true })

/** The options of the settings that a command looks at; all of them without names. */
function withSettings(command: Command, ...names: (keyof typeof settingsTable)[]): Command {
  for (const [name, { flag, help, bare }] of Object.entries(settingsTable)) {
    if (names.length && !(names as string[]).includes(name)) continue
    const value = bare === undefined ? '<value>' : '[value]'
    const option = new Option(`--${flag} ${value}`, `${help} [${variableOf(flag)}]`)
    command.addOption(bare === undefined ? option : option.preset(bare))
  }
  return command
}

function settingsOf(options: Record<string, string | undefined>): Settings {
  const byName = Object.entries(settingsTable).map(([name, { flag }]) => {
    const key = flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    return [name, options[key]] as const
  })
  return readSettings(Object.fromEntries(byName), process.env)
}

withSettings(program.command('start'))
  .description('start the cloud in the foreground; what is done when no command is named')
  .action(async (options) => {
    const { start } = await import('./commands/start.ts')
    await start(settingsOf(options))
  })

withSettings(program.command('env'), 'data')
  .description(`print the variables that clients read: eval "$(${programName()} env)"`)
  .addOption(new Option('--shell <name>', 'for which shell').choices(['sh', 'fish', 'dotenv']).default('sh'))
  .action(async (options) => {
    const [{ shellText, variables }, { eucarcFolder }] = await Promise.all([
      import('./commands/env.ts'),
      import('./commands/eucarc.ts'),
    ])
    const folder = await readDataFolder(settingsOf(options).data)
    process.stdout.write(shellText(variables(folder, await eucarcFolder(folder)), options.shell))
  })

withSettings(program.command('eucarc <folder>'), 'data')
  .description('write eucarc, a new user certificate with its key, and the cloud certificate to a folder')
  .action(async (target, options) => {
    const { writeEucarc } = await import('./commands/eucarc.ts')
    console.log(await writeEucarc(await readDataFolder(settingsOf(options).data), target))
  })

const fixtures = program.command('fixtures').description('the starter images')
fixtures
  .command('build')
  .description(
    'make the starter images, or Debian 12 with cloud-init, from Debian packages, without root, into the cache',
  )
  .addArgument(new Argument('[family]', 'which images').choices(['tiny', 'debian-12']).default('tiny'))
  .option('--json', 'print what was built as JSON')
  .option('--renew', 'look for newer Debian packages, also when the images are there')
  .action(async (family, { json, renew }) => {
    const { buildAll } = await import('./commands/fixtures.ts')
    process.stdout.write(await buildAll({ json: json === true, renew: renew === true }, family))
  })
fixtures
  .command('list')
  .description('the starter images and their files')
  .option('--json', 'print as JSON')
  .action(async ({ json }) => {
    const { listAll } = await import('./commands/fixtures.ts')
    process.stdout.write(await listAll(json))
  })

const image = program.command('image').description('images of your own')
withSettings(image.command('add <file...>'), 'data')
  .description(
    'bundle, upload and register: a disk, as vendors ship it, or a root file system, its kernel and its ramdisk',
  )
  .addOption(new Option('--type <type>', 'virtualization').choices(['hvm', 'paravirtual']).makeOptionMandatory())
  .option('--name <name>', "the image's name (default: the file's)")
  .option('--bucket <name>', 'bucket for the bundle', 'images')
  .addOption(new Option('--arch <name>', 'architecture').choices(['x86_64', 'i386']).default('x86_64'))
  .action(async (files, options) => {
    const [{ addImage }, { interruptible }] = await Promise.all([
      import('./commands/image-add.ts'),
      import('./commands/interruptible.ts'),
    ])
    const { type, name, bucket, arch } = options
    const folder = await readDataFolder(settingsOf(options).data)
    const asked = { files, type, bucket, architecture: arch, ...(name !== undefined && { name }) }
    const made = await interruptible((signal) => addImage(folder, asked, signal))
    for (const { id, file } of made) console.log(`${id}  ${file}`)
  })

image
  .command('inspect <file>')
  .description('look into a disk: what it holds, what boots it, and what to change before it is added')
  .option('--json', 'print as JSON')
  .action(async (file, { json }) => {
    const [{ inspectImage, reportText }, { interruptible }] = await Promise.all([
      import('./commands/image-inspect.ts'),
      import('./commands/interruptible.ts'),
    ])
    process.stdout.write(reportText(await interruptible((signal) => inspectImage(file, signal)), json === true))
  })

withSettings(image.command('build'), 'data', 'accelerator')
  .description('install from an ISO image on an empty disk, and register that when the machine switches itself off')
  .requiredOption('--iso <file>', 'the disc that the machine starts from')
  .requiredOption('--size <size>', 'of the disk, such as 5GiB')
  .option('--name <name>', "the image's name (default: the ISO image's)")
  .option('--bucket <name>', 'bucket for the bundle', 'images')
  .action(async ({ iso, size, name, bucket, ...options }) => {
    const [{ buildImage }, { diskSize }, { interruptible }] = await Promise.all([
      import('./commands/image-build.ts'),
      import('./commands/disk-size.ts'),
      import('./commands/interruptible.ts'),
    ])
    const { data, accelerator } = settingsOf(options)
    const folder = await readDataFolder(data)
    // The console of the installer goes to standard error, too: what is printed is the image alone.
    const terminal = { input: process.stdin, output: process.stderr, notes: process.stderr }
    const asked = { iso, size: diskSize(size), bucket, accelerator, ...(name !== undefined && { name }) }
    console.log(await interruptible((signal) => buildImage(folder, asked, terminal, signal)))
  })

addBundleCommands(image, { withSettings, settingsOf })
addMigrate(program, { withSettings, settingsOf })

addCatalogCommands(program, { withSettings, settingsOf })

const account = program.command('account').description('accounts of the cloud')
withSettings(account.command('create <name>'), 'data')
  .description('make an account with an access key and a certificate')
  .option('--json', 'print as JSON')
  .action(async (name, options) => {
    const { createAccount } = await import('./commands/account.ts')
    process.stdout.write(await createAccount(await readDataFolder(settingsOf(options).data), name, options.json))
  })

withSettings(program.command('ssh <instance> [command...]'), 'data')
  .description('log in to an instance by its public address, wherever that is listened for')
  .option('-l, --user <name>', 'user in the guest', 'root')
  .option('-i, --identity <file>', "the private key's file")
  .passThroughOptions()
  .action(async (instance, command, options) => {
    const { ssh } = await import('./commands/ssh.ts')
    const { user, identity } = options
    const folder = await readDataFolder(settingsOf(options).data)
    process.exitCode = await ssh(folder, { instance, user, command, ...(identity && { identity }) })
  })

withSettings(program.command('console <instance>'), 'data')
  .description('print the serial console of an instance')
  .option('-f, --follow', 'stay until it ends; on a terminal type on it, too: Ctrl-] leaves')
  .action(async (instance, { follow, ...options }) => {
    const [{ showConsole }, { interruptible }] = await Promise.all([
      import('./commands/console.ts'),
      import('./commands/interruptible.ts'),
    ])
    const folder = await readDataFolder(settingsOf(options).data)
    const terminal = { input: process.stdin, output: process.stdout, notes: process.stderr }
    await interruptible((signal) => showConsole(folder, { instance, follow: follow === true, signal }, terminal))
  })

withSettings(program.command('tour'), 'accelerator', 'memory')
  .description('show in a minute or two, on a cloud of its own, that images boot, disks live on and ssh logs in')
  .option('--keep', "keep the cloud's data folder and say where it is")
  .action(async (options) => {
    const { tour } = await import('./commands/tour.ts')
    process.exitCode = await tour({ settings: settingsOf(options), keep: options.keep === true })
  })

withSettings(program.command('operations'), 'services')
  .description('what the cloud can do, and what it says it cannot')
  .addOption(new Option('--json', 'print as JSON').conflicts('markdown'))
  .option('--markdown', 'print the table of README.md')
  .action(async ({ json, markdown, ...options }) => {
    const { operationsText } = await import('./commands/operations.ts')
    const { listOperations } = await import('../emulator/surface.ts')
    process.stdout.write(
      operationsText(
        await listOperations(settingsOf(options).services),
        json ? 'json' : markdown ? 'markdown' : 'text',
      ),
    )
  })

addConformance(program, { withSettings, settingsOf })

withSettings(program.command('fsck'), 'data')
  .description('verify all bytes of Object Storage while no emulator runs on it: exit code 1 when something is damaged')
  .option('--repair', 'remove what nobody owns, and objects and uploads whose bytes are missing or wrong')
  .option('--json', 'print as JSON')
  .action(async ({ repair, json, ...options }) => {
    const { examineData } = await import('./commands/fsck.ts')
    const { data } = settingsOf(options)
    const { text, ok } = await examineData({ data, repair: repair === true, json: json === true })
    process.stdout.write(text)
    if (!ok) process.exitCode = 1
  })

withSettings(program.command('doctor'), 'services', 'data', 'accelerator', 'memory')
  .description('look at what the emulator needs on this machine')
  .option('--json', 'print as JSON')
  .action(async (options) => {
    const { examine, findingsText } = await import('./commands/doctor.ts')
    const findings = await examine(settingsOf(options))
    process.stdout.write(findingsText(findings, options.json))
    if (findings.some(({ ok }) => !ok)) process.exitCode = 1
  })

/** Options that come first are those of `start`, but for the two of the program itself. */
function withCommand(args: readonly string[]): string[] {
  const [first] = args
  const names = first !== undefined && (!first.startsWith('-') || ['-h', '--help', '-V', '--version'].includes(first))
  return names ? [...args] : ['start', ...args]
}

try {
  await program.parseAsync(withCommand(process.argv.slice(2)), { from: 'user' })
} catch (error) {
  const [{ explain }, { printable }] = await Promise.all([
    import('./commands/failure.ts'),
    import('../conformance/shortened.ts'),
  ])
  const { sentence, status } = explain(error)
  console.error(sentence === undefined ? printable(inspect(error)) : `euca-emu: ${sentence}`)
  process.exitCode = status
}
