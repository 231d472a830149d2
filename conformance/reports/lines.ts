import evidence from '../evidence.json' with { type: 'json' }
import type { Result } from '../run.ts'
import type { Sweeping } from '../sweep/sweep.ts'

const indent = '        '

const told = (name: string, text: string | undefined): string[] =>
  text === undefined || text === ''
    ? []
    : text.split('\n').map((line, at) => `${at === 0 ? name.padEnd(10) : ' '.repeat(10)}${line}`)

/** What was expected, by what, what was asked last, and what came: for a case that failed. */
function failureOf({ title, level, source, asked, came, reason, leaked }: Result): string[] {
  const leaks = leaked.filter((leak) => !reason?.includes(leak)).flatMap((leak) => told('left', leak))
  return [
    ...told('expected', `${title} (${level})`),
    ...told('rests on', source),
    ...told('asked', asked),
    ...told('came', came),
    ...told('so', reason),
    ...leaks,
  ]
}

/** The lines of one result on a plain console; a case is unproven that has passed on nothing but the emulator. */
export function linesOf(result: Result): string[] {
  const { verdict, id, reason = '', seconds } = result
  const unproven = verdict === 'skipped' || Object.hasOwn(evidence, id) ? '' : ', unproven'
  const head = `${verdict.padEnd(7)} ${id} (${seconds.toFixed(1)} s${unproven})`
  if (verdict === 'passed') return [head]
  const more = verdict === 'failed' ? failureOf(result) : reason.split('\n')
  return [head, ...more.map((line) => indent + line)]
}

/** What a sweep has done, a line for each thing. */
export const sweepLines = ({ removed, left }: Sweeping): string[] => [
  ...removed.map((thing) => `removed ${thing}`),
  ...left.map((thing) => `left    ${thing}`),
]
