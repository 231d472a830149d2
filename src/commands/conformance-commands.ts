import { type Command, InvalidArgumentError, Option } from 'commander'
import type { SharedSettings } from './bundle-commands.ts'
import { addCompare, withReports } from './conformance-reports.ts'

const wholeNumber = (least: number) => (text: string) => {
  if (!/^\d+$/.test(text) || Number(text) < least)
    throw new InvalidArgumentError(`it takes a whole number from ${least} on`)
  return Number(text)
}

/** Which cloud; without any of them, and without variables that name one, a fresh emulator. */
const ofTarget = (command: Command) =>
  command
    .addOption(
      new Option('--target <file>', 'a target file: endpoints, credentials, capabilities').conflicts([
        'eucarc',
        'awsProfile',
      ]),
    )
    .addOption(new Option('--eucarc <file>', "a cloud by its user's eucarc").conflicts('awsProfile'))
    .option('--aws-profile <name>', 'AWS, or what a profile of its clients names')
    .option('--capabilities <list>', 'what that cloud can do, by commas (default: what clouds of its kind can)')

/** Adds `conformance` and what belongs to it. */
export function addConformance(program: Command, { withSettings, settingsOf }: SharedSettings): void {
  const conformance = withSettings(program.command('conformance [cases...]'), 'fidelity', 'accelerator', 'memory')
  // Options behind the name of a command below are that command's.
  conformance.enablePositionalOptions()
  addCompare(conformance)
  addSweep(conformance, { withSettings, settingsOf })
  addProbe(conformance, { withSettings, settingsOf })
  withReports(ofTarget(conformance))
    .description(
      'run the conformance cases (all, or those whose ids begin so) on a cloud, or on a fresh emulator when none is named',
    )
    .option('--only <list>', 'the same as naming cases, by commas')
    .addOption(new Option('--level <level>', 'the few that tell most, or all').choices(['smoke', 'all']).default('all'))
    .addOption(
      new Option('--certify <level>', 'the cases of a certificate; what would be skipped has failed').choices([
        'bronze',
        'silver',
        'gold',
      ]),
    )
    .option('--seed [number]', 'run in a random order, that of this number or any', wholeNumber(0))
    .option('--parallel <number>', 'cases that boot nothing run so many at a time', wholeNumber(1), 4)
    .option('--boots <number>', 'and cases that boot so many, beside them', wholeNumber(1), 1)
    .option('--differences <file>', 'JSON: known differences, besides those that are shipped')
    .option('--list', 'say which cases would run, what they need and cost, and run none')
    .option('--budget <cents>', 'what the run may cost on a cloud that bills, in US cents', wholeNumber(0))
    .option('--i-own-this-account', 'start although the cloud bills')
    .action(async (cases, options) => {
      const [{ conformance: run }, { interruptible }] = await Promise.all([
        import('./conformance.ts'),
        import('./interruptible.ts'),
      ])
      const settings = () => settingsOf(options)
      if (!(await interruptible((signal) => run(cases, options, settings, signal)))) process.exitCode = 1
    })
}

function addSweep(conformance: Command, { settingsOf }: SharedSettings): void {
  ofTarget(conformance.command('sweep'))
    .description('remove what killed runs have left behind: of all that have left a journal, or of one')
    .option('--run <id>', 'the run, by the eight digits in the names of all that it has made')
    .option('--journal <file>', "the run's journal, when it is not where this machine keeps them")
    .action(async (options) => {
      const { sweepRuns } = await import('./conformance-sweep.ts')
      if (!(await sweepRuns(options, () => settingsOf({})))) process.exitCode = 1
    })
}

function addProbe(conformance: Command, { settingsOf }: SharedSettings): void {
  ofTarget(conformance.command('probe'))
    .description('ask a cloud what it can do, and print the draft of a target file, without secrets')
    .addOption(new Option('--fidelity <cloud>', 'whose words it speaks').choices(['eucalyptus', 'aws']))
    .action(async (options) => {
      const { probeCloud } = await import('./conformance-probe.ts')
      await probeCloud(options, () => settingsOf({}))
    })
}
