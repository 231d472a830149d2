import { text } from '../client/xml.ts'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'
import { until } from './until.ts'

/** What the tour reads of the report that a starter image's guest prints on its console at each boot. */
interface Report {
  readonly bootCount: number
  /** The words in the bytes of its image. */
  readonly nonce: string
}

/** The text of an instance's console so far. Throws ServiceError. */
export async function consoleOf({ ec2 }: Pick<Tour, 'ec2'>, InstanceId: string): Promise<string> {
  const output = text(await ec2.call('GetConsoleOutput', { InstanceId }), 'output')
  return Buffer.from(output ?? '', 'base64').toString('latin1')
}

const report = /EUCA-EMU-REPORT-BEGIN\s*(\{[\s\S]*?\})\s*EUCA-EMU-REPORT-END/

/** A console's lines for a person: without control characters and empty lines, and of the report only the image's words. */
export function readableLines(console: string): string[] {
  const lines = console
    .replace(new RegExp(report, 'g'), (whole) => /"nonce": *"[^"]*"/.exec(whole)?.[0] ?? '')
    .split(/[\r\n]+/)
  // A boot loader moves the cursor and sets colours.
  const plain = lines.map((line) => line.replace(/\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e]/g, '').trimEnd())
  return plain.filter((line) => line.length > 0)
}

/** The last whole report on a console, and the text behind it. */
function lastReport(console: string): { report: Report; behind: string } | undefined {
  const found = [...console.matchAll(new RegExp(report, 'g'))].at(-1)
  if (found?.[1] === undefined) return undefined
  return { report: JSON.parse(found[1]) as Report, behind: console.slice(found.index + found[0].length) }
}

/** Waits until a guest's boot of that count comes to the line that proves it; shows lines of its console, gives its report. */
export async function untilBooted(
  tour: Tour,
  id: string,
  { bootLine, bootCount }: { bootLine: string; bootCount: number },
): Promise<Report> {
  const isSo = (console: string) => {
    const last = lastReport(console)
    return last?.report.bootCount === bootCount && last.behind.includes(bootLine)
  }
  const what = `"${bootLine}" of boot ${bootCount} on the console of ${id}`
  const console = await until({ what, look: () => consoleOf(tour, id), isSo, signal: tour.signal })
  for (const line of readableLines(console).slice(-4)) tour.say(`  ${id} | ${line}`)
  const found = lastReport(console)
  if (!found) throw new ProofFailed(`${what}: no report`, console)
  return found.report
}
