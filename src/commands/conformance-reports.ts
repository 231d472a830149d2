import type { Command } from 'commander'

/** Adds the options by which a run is reported: `ReportOptions` of `conformance/reports`. */
export const withReports = (command: Command): Command =>
  command
    .option('--json <file>', 'write the report as JSON')
    .option('--junit <file>', 'write it as JUnit XML')
    .option('--html <file>', 'write it as one page for people')
    .option('--badge <file>', 'write a badge with its counts, as SVG')
    .option('--transcripts', 'keep what was sent and received in all cases, not in those only that fail')
    .option(
      '--record [cloud]',
      'add what passes to conformance/evidence.json, as proven on this cloud, such as "Eucalyptus 5.1.0" (default: "version" of the target file)',
    )

/** Adds `conformance compare`. */
export const addCompare = (conformance: Command): Command =>
  conformance
    .command('compare <before> <after>')
    .description('say what changed between two reports in JSON: exit code 1 when something got worse')
    .action(async (before, after) => {
      const { compareFiles } = await import('../../conformance/reports/reporting.ts')
      const { text, worse } = await compareFiles(before, after)
      process.stdout.write(text)
      if (worse) process.exitCode = 1
    })
