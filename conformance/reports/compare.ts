import type { CaseRecord, ReportDocument } from './document.ts'

/** How two reports differ. */
export interface Comparison {
  /** A line for each case that is otherwise, the worse ones first. */
  readonly lines: readonly string[]
  /** Whether something got worse: a case passed before and does not now, failed where it was skipped, or fails anew. */
  readonly worse: boolean
}

const rank: Readonly<Record<CaseRecord['verdict'], number>> = { failed: 0, skipped: 1, passed: 2 }

type Change = { readonly grade: 'worse' | 'better' | 'same'; readonly line: string }

function changeOf(id: string, before: CaseRecord | undefined, after: CaseRecord | undefined): Change | undefined {
  const reason = after?.reason === undefined ? '' : `: ${after.reason.split('\n')[0]}`
  if (before === undefined) {
    const grade = after?.verdict === 'failed' ? 'worse' : 'same'
    return { grade, line: `added    ${id}: ${after?.verdict}${after?.verdict === 'passed' ? '' : reason}` }
  }
  if (after === undefined) {
    return {
      grade: before.verdict === 'passed' ? 'worse' : 'same',
      line: `removed  ${id}: it ${before.verdict === 'skipped' ? 'was skipped' : before.verdict}`,
    }
  }
  if (before.verdict === after.verdict) return undefined
  const grade = rank[after.verdict] < rank[before.verdict] ? 'worse' : 'better'
  const because = after.verdict === 'passed' ? '' : reason
  return { grade, line: `${grade.padEnd(8)} ${id}: ${before.verdict} -> ${after.verdict}${because}` }
}

const headOf = (name: string, { target, started, passed, failed, skipped, interrupted }: ReportDocument): string =>
  `${name} ${target}, ${started}: ${passed} passed, ${failed} failed, ${skipped} skipped${interrupted ? ', interrupted' : ''}`

/** What became of each case between two reports, such as of two days, or of two clouds. */
export function compare(before: ReportDocument, after: ReportDocument): Comparison {
  const byId = ({ cases }: ReportDocument) => new Map(cases.map((one) => [one.id, one]))
  const [old, now] = [byId(before), byId(after)]
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort()
  const changes = ids.flatMap((id) => changeOf(id, old.get(id), now.get(id)) ?? [])
  const of = (grade: Change['grade']) => changes.filter((one) => one.grade === grade)
  const [worse, better] = [of('worse'), of('better')]
  const sorted = [...worse, ...better, ...of('same')].map(({ line }) => line)
  const closing = changes.length
    ? `${worse.length} worse, ${better.length} better, ${of('same').length} added or removed`
    : 'no case has another verdict'
  return { lines: [headOf('before', before), headOf('after ', after), ...sorted, closing], worse: worse.length > 0 }
}
