import type { CaseRecord, ReportDocument } from './document.ts'
import { sweepLines } from './lines.ts'
import { withoutControls, xml } from './markup.ts'

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${xml(String(value)).replace(/\n/g, '&#10;')}"`)
    .join('')

/** What a failed case asked, and what came, as text. */
function explanation({ title, source, asked, came, reason = '', leaked }: CaseRecord): string {
  const told = [
    ['expected', title],
    ['rests on', source],
    ['asked', asked],
    ['came', came],
  ] as const
  const lines = told.flatMap(([name, text]) => (text === undefined ? [] : [`${name}: ${text}`]))
  return [...lines, reason, ...leaked.map((leak) => `left behind: ${leak}`)].join('\n')
}

function testcase(one: CaseRecord): string {
  const { id, area, verdict, reason = '', seconds, consoles = [] } = one
  const open = `    <testcase${attributes({ name: id.slice(area.length + 1), classname: area, time: seconds.toFixed(3) })}`
  if (verdict === 'passed') return `${open}/>`
  if (verdict === 'skipped') return `${open}><skipped${attributes({ message: reason })}/></testcase>`
  const message = attributes({ message: reason.split('\n')[0] ?? '' })
  const output = consoles.map(({ instance, text }) => `console of ${instance}\n${text}`).join('\n')
  const out = output === '' ? '' : `<system-out>${xml(withoutControls(output))}</system-out>`
  return `${open}><failure${message}>${xml(explanation(one))}</failure>${out}</testcase>`
}

const sum = (cases: readonly CaseRecord[]) => cases.reduce((seconds, one) => seconds + one.seconds, 0).toFixed(3)
const count = (cases: readonly CaseRecord[], verdict: string) => cases.filter((one) => one.verdict === verdict).length

/** What was swept after the cases, as the output of a suite without cases. */
function sweepSuite({ sweep }: ReportDocument): string[] {
  if (!sweep) return []
  const head = attributes({ name: 'swept after the cases', tests: 0, failures: 0, skipped: 0, errors: 0, time: 0 })
  const text = xml(withoutControls(sweepLines(sweep).join('\n')))
  return [`  <testsuite${head}><system-out>${text}</system-out></testsuite>`]
}

/** A report as the JUnit XML that servers for continuous integration read: a suite for each area. */
export function junit(report: ReportDocument): string {
  const { target, started, cases, interrupted } = report
  const areas = [...new Set(cases.map(({ area }) => area))].sort()
  const suites = areas.map((area) => {
    const own = cases.filter((one) => one.area === area)
    const counts = { tests: own.length, failures: count(own, 'failed'), skipped: count(own, 'skipped'), errors: 0 }
    const head = attributes({ name: area, ...counts, time: sum(own), timestamp: started.replace(/(\.\d+)?Z$/, '') })
    return [`  <testsuite${head}>`, ...own.map(testcase), '  </testsuite>'].join('\n')
  })
  const counts = { tests: cases.length, failures: count(cases, 'failed'), skipped: count(cases, 'skipped') }
  const head = attributes({
    name: `conformance of ${target}${interrupted ? ', interrupted' : ''}`,
    ...counts,
    time: sum(cases),
  })
  const all = [...suites, ...sweepSuite(report)]
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${head}>`, ...all, '</testsuites>', ''].join('\n')
}
