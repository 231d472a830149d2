import { createHash } from 'node:crypto'
import type { CaseRecord, ReportDocument } from './document.ts'
import { sweepLines } from './lines.ts'
import { xml } from './markup.ts'
import { detailsOf, pre } from './page-details.ts'
import { script } from './page-script.ts'
import { style } from './page-style.ts'

type Verdict = CaseRecord['verdict']
const verdicts: readonly Verdict[] = ['failed', 'skipped', 'passed']
const signs: Readonly<Record<Verdict, string>> = { passed: '✓', failed: '✗', skipped: '–' }

const countOf = (cases: readonly CaseRecord[], verdict: Verdict): number =>
  cases.filter((one) => one.verdict === verdict).length

/** How the verdicts share a bar; its numbers stand beside it. */
function bar(cases: readonly CaseRecord[]): string {
  let x = 0
  const parts = (['passed', 'skipped', 'failed'] as const).map((verdict) => {
    const width = (100 * countOf(cases, verdict)) / Math.max(1, cases.length)
    x += width
    return `<rect class="${verdict}" x="${(x - width).toFixed(3)}" width="${width.toFixed(3)}" height="4"/>`
  })
  return `<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">${parts.join('')}</svg>`
}

const areasOf = (cases: readonly CaseRecord[]): string[] => [...new Set(cases.map(({ area }) => area))].sort()

function areaTable(cases: readonly CaseRecord[]): string {
  const rows = areasOf(cases).map((area) => {
    const own = cases.filter((one) => one.area === area)
    const cells = (['passed', 'failed', 'skipped'] as const).map((verdict) => {
      const count = countOf(own, verdict)
      return `<td class="number${count ? ` ${verdict}` : ' soft'}">${count}</td>`
    })
    return `<tr><th scope="row">${xml(area)}</th>${cells.join('')}<td>${bar(own)}</td></tr>`
  })
  const head = ['passed', 'failed', 'skipped'].map((name) => `<th scope="col" class="number">${name}</th>`).join('')
  return `<table class="areas"><caption>Cases by area</caption><thead><tr><th scope="col">area</th>${head}<td></td></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`
}

function select(name: string, label: string, options: readonly (readonly [value: string, text: string])[]): string {
  const items = [['', 'all'] as const, ...options].map(
    ([value, text]) => `<option value="${xml(value)}">${xml(text)}</option>`,
  )
  return `<label>${label}<br><select name="${name}">${items.join('')}</select></label>`
}

function filters(cases: readonly CaseRecord[]): string {
  const same = (words: Iterable<string>) => [...new Set(words)].sort().map((word) => [word, word] as const)
  const boxes = verdicts.map(
    (verdict) => `<label><input type="checkbox" name="verdict" value="${verdict}" checked> ${verdict}</label>`,
  )
  return `<form hidden role="search" aria-label="Filter the cases">
<label>Words<br><input type="search" name="text" autocomplete="off"></label>
<fieldset><legend>Verdict</legend>${boxes.join('')}</fieldset>
${select('area', 'Area', same(cases.map(({ area }) => area)))}
${select('level', 'Level', same(cases.map(({ level }) => level)))}
${select('needs', 'Capability', same(cases.flatMap(({ needs }) => needs)))}
${select('proven', 'Evidence', [
  ['yes', 'proven elsewhere'],
  ['no', 'unproven'],
])}
<button type="reset">Show all</button><output aria-live="polite"></output></form>`
}

/** How many characters of a reason stand in the table: the whole of it is in what a failed case unfolds to. */
const shownReason = 200

function shortReason({ verdict, reason = '' }: CaseRecord): string {
  if (verdict === 'passed') return ''
  const line = reason.replace(/\s+/g, ' ')
  const short = line.length > shownReason && verdict === 'failed' ? `${line.slice(0, shownReason)}…` : line
  return `<small class="${verdict}">${xml(short)}</small>`
}

const evidenceOf = ({ evidence }: CaseRecord): string =>
  evidence
    .map(({ cloud, version, when }) => `${xml(cloud)}&nbsp;${xml(version)}<small>${xml(when)}</small>`)
    .join('') || '<span class="soft">unproven</span>'

function caseRows(one: CaseRecord): string {
  const { id, area, title, level, verdict, source, needs, seconds, evidence } = one
  const data = { verdict, level, area, needs: needs.join(' '), proven: evidence.length ? 'yes' : 'no' }
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${xml(value)}"`)
  const details = detailsOf(one)
  const more = details && `<tr class="more"><td></td><td colspan="5">${details}</td></tr>`
  return `<tbody${attributes.join('')}><tr><td class="verdict ${verdict}">${signs[verdict]} ${verdict}</td>
<th scope="row"><span class="id">${xml(id)}</span><br>${xml(title)}${shortReason(one)}<small>needs ${xml(needs.join(', '))}</small></th>
<td>${level}</td><td class="source">${xml(source)}</td><td class="number">${seconds.toFixed(1)}</td><td>${evidenceOf(one)}</td></tr>
${more}</tbody>`
}

function caseTable(cases: readonly CaseRecord[]): string {
  const order = (one: CaseRecord) => `${one.verdict === 'failed' ? 0 : 1}${one.id}`
  const sorted = [...cases].sort((a, b) => (order(a) < order(b) ? -1 : 1))
  const head = ['Verdict', 'Case', 'Level', 'Rests on', 'Seconds', 'Evidence'].map(
    (name) => `<th scope="col"${name === 'Seconds' ? ' class="number"' : ''}>${name}</th>`,
  )
  return `<div class="scroll"><table class="cases"><caption>All cases, the failed ones first</caption><thead><tr>${head.join('')}</tr></thead>
${sorted.map(caseRows).join('\n')}</table></div>`
}

function sweepSection({ sweep }: ReportDocument): string {
  if (!sweep) return ''
  const text = sweepLines(sweep).join('\n') || 'nothing was left behind'
  return `\n<h2>Swept after the cases</h2>${pre(text, 'What was swept after the cases')}`
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Whatever a cloud has answered: nothing of the page but these two runs or is loaded. */
const policy = `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`

const minutes = (seconds: number): string =>
  seconds < 120 ? `${seconds.toFixed(0)} seconds` : `${(seconds / 60).toFixed(0)} minutes`

/** A report as one page that needs nothing else: to be opened from a file, sent, printed, hung on a wall. */
export function page(report: ReportDocument): string {
  const { target, fidelity, started, seconds, run, suite, unproven, cases, seed, certificate, interrupted } = report
  const more = [
    ...(seed === undefined ? [] : [`in the random order of --seed ${seed}`]),
    ...(certificate === undefined ? [] : [`all cases of the certificate ${certificate}`]),
    ...(interrupted ? ['ended before all cases had their turn'] : []),
  ]
  const figures = (['passed', 'failed', 'skipped'] as const).map(
    (verdict) => `<li class="${verdict}"><b>${report[verdict]}</b>${verdict}</li>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>Conformance of ${xml(target)}: ${report.failed ? `${report.failed} failed` : interrupted ? 'interrupted' : 'none failed'}</title>
<style>${style}</style></head><body>
<header><h1>Conformance of ${xml(target)}</h1>
<p class="soft">${xml(started.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC'))}, ${minutes(seconds)}; judged by the words of
${fidelity === 'aws' ? 'AWS' : 'Eucalyptus'}; suite ${xml(suite)}, run ${xml(run)}${xml(more.map((words) => `; ${words}`).join(''))}</p>
<ul class="figures">${figures.join('')}<li class="soft"><b>${unproven.length}</b>unproven</li></ul>
${bar(cases)}</header>
<main><h2>Areas</h2>${areaTable(cases)}
<h2 id="cases">Cases</h2>${filters(cases)}${caseTable(cases)}${sweepSection(report)}</main>
<footer>A skipped case is no proof of anything. An unproven one has passed on nothing but the emulator of this suite.</footer>
<script>${script}</script></body></html>
`
}
