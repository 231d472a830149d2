import type { ReportDocument } from './document.ts'
import { xml } from './markup.ts'

/** About the width of a text of 11 pixels in Verdana. */
const widthOf = (text: string): number => Math.ceil(text.length * 6.7) + 12

/** What a badge tells. */
type Told = Pick<ReportDocument, 'passed' | 'failed' | 'skipped' | 'interrupted'>

/** A badge that says how many of the cases passed; skipped cases are named, as they are proof of nothing. */
export function badge({ passed, failed, skipped, interrupted }: Told): string {
  const label = 'conformance'
  const words = [failed && `${failed} failed`, skipped && `${skipped} skipped`, interrupted && 'interrupted']
  const value = [`${passed} passed`, ...words.filter(Boolean)].join(', ')
  const colour = failed ? '#b3261e' : skipped || !passed || interrupted ? '#8a6100' : '#1a7f37'
  const [left, right] = [widthOf(label), widthOf(value)]
  const [name, width] = [xml(`${label}: ${value}`), left + right]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${name}">
  <title>${name}</title>
  <clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="${left}" height="20" fill="#444"/>
    <rect x="${left}" width="${right}" height="20" fill="${colour}"/>
  </g>
  <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
    <text x="${left / 2}" y="14">${xml(label)}</text>
    <text x="${left + right / 2}" y="14">${xml(value)}</text>
  </g>
</svg>
`
}
