import { readFile } from 'node:fs/promises'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { badge } from './badge.ts'
import { compare } from './compare.ts'
import { type CaseRecord, type ReportDocument, readDocument, schema } from './document.ts'
import { junit } from './junit.ts'
import { withoutControls, xml } from './markup.ts'
import { page } from './page.ts'

const hostile = `</script><script>alert(1)</script><img src=x onerror='a'>"&\u0000\u001b[31mred\ud800`

/** A case of a report. */
const record = (id: string, verdict: CaseRecord['verdict'], more: Partial<CaseRecord> = {}): CaseRecord => ({
  id,
  area: id.replace(/\/.*/, ''),
  title: `what ${id} says`,
  level: 'MUST',
  verdict,
  source: 'a page',
  needs: ['s3', 'ebs'],
  covers: ['GetObject'],
  seconds: 1.5,
  leaked: [],
  evidence: [],
  ...more,
})

const failing = record('area/fails', 'failed', {
  title: hostile,
  reason: `${hostile}\nsecond line`,
  source: hostile,
  leaked: [hostile],
  asked: `GET /${hostile}`,
  came: '404 NoSuchKey after 3 ms',
  transcript: {
    leftOut: 7,
    exchanges: [
      {
        at: 1234,
        method: 'GET',
        url: `http://cloud/${hostile}`,
        headers: [['x-hostile', hostile]],
        answer: { status: 404, headers: [['server', hostile]], body: { bytes: 99, text: hostile } },
        milliseconds: 3,
      },
      {
        at: 2000,
        method: 'PUT',
        url: 'http://cloud/b',
        headers: [],
        body: { bytes: 3, base64: 'AAH/' },
        failure: 'reset',
        milliseconds: 1,
        cleanUp: true,
      },
    ],
  },
  consoles: [{ instance: 'i-1', text: `Linux ${hostile}\r\nlogin:` }],
})

const report = (cases: readonly CaseRecord[]): ReportDocument => {
  const count = (verdict: CaseRecord['verdict']) => cases.filter((one) => one.verdict === verdict).length
  return {
    schema,
    suite: '0.1.0',
    target: `<a> & "cloud"`,
    fidelity: 'eucalyptus',
    run: 'abcd',
    started: '2026-11-23T21:00:00.123Z',
    seconds: 12,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    unproven: cases.filter(({ evidence }) => !evidence.length).map(({ id }) => id),
    cases,
  }
}
const proof = { cloud: 'MinIO', version: '1', when: '2026-11-23' }
const passing = record('area/passes', 'passed', { evidence: [proof] })
const skipped = record('other/skipped', 'skipped', { reason: 'the target does not declare ebs' })
const whole = report([passing, failing, skipped])
const circumstances = {
  seed: 7,
  certificate: 'bronze 2026.1',
  interrupted: true,
  sweep: { removed: ['bucket b'], left: [] },
} as const

test('reports name the seed, the certificate, and that a run was interrupted', () => {
  const told = { ...whole, ...circumstances }
  expect(page(whole)).not.toMatch(/--seed|certificate bronze|interrupted/)
  expect(page(told)).toMatch(
    /in the random order of --seed 7; all cases of the certificate bronze 2026\.1; ended before all cases had their turn/,
  )
  expect(page({ ...told, failed: 0 })).toContain(': interrupted</title>')
  expect(junit(told)).toContain('&quot;cloud&quot;, interrupted"')
  expect(compare(told, whole).lines[0]).toMatch(/1 skipped, interrupted$/)
})

test('reports tell what was swept after the cases, and nothing of it becomes markup', () => {
  const told = { ...whole, sweep: { removed: ['bucket conformance-1'], left: [`volume vol-1: ${hostile}`] } }
  const { testsuites } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(junit(told))
  expect(XMLValidator.validate(junit(told))).toBe(true)
  expect(testsuites.testsuite.at(-1)).toMatchObject({ name: 'swept after the cases', tests: '0' })
  for (const text of [testsuites.testsuite.at(-1)['system-out'], page(told)]) {
    expect(text).toMatch(/removed bucket conformance-1\nleft {4}volume vol-1: /)
  }
  expect(page(told)).not.toMatch(/<img|\u001b|\u0000/)
  expect(page({ ...whole, sweep: { removed: [], left: [] } })).toContain('nothing was left behind')
  for (const text of [junit(whole), page(whole)]) expect(text).not.toContain('wept after the cases')
})

test('text for markup has no markup, no control characters and no escape sequences', () => {
  expect(xml(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;')
  expect(withoutControls('\u001b[1;31mred\u001b[0m\u001b]0;title\u0007 a\r\nb\rc\u0007\ud800')).toBe(
    'red a\nb\nc\ufffd\ufffd',
  )
})

test('JUnit XML is well formed, counts, and tells what was asked and what came', () => {
  const text = junit(whole)
  expect(XMLValidator.validate(text)).toBe(true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => name === 'testcase',
  })
  const { testsuites } = parser.parse(text)
  expect(testsuites).toMatchObject({ name: 'conformance of <a> & "cloud"', tests: '3', failures: '1', skipped: '1' })
  const [area, other] = testsuites.testsuite
  expect(area).toMatchObject({
    name: 'area',
    tests: '2',
    failures: '1',
    time: '3.000',
    timestamp: '2026-11-23T21:00:00',
  })
  expect(area.testcase[0]).toEqual({ name: 'passes', classname: 'area', time: '1.500' })
  const { failure, 'system-out': console } = area.testcase[1]
  for (const part of [
    'expected: ',
    'rests on: ',
    'asked: GET /',
    'came: 404 NoSuchKey',
    'second line',
    'left behind: ',
  ]) {
    expect(failure['#text']).toContain(part)
  }
  expect(console).toContain('console of i-1')
  expect(other.testcase[0].skipped.message).toBe('the target does not declare ebs')
})

test('the page holds every case, and nothing that a cloud has said becomes markup', () => {
  const html = page(whole)
  expect(html.match(/<script/g)).toHaveLength(1)
  expect(html).not.toMatch(/<img|\u001b|\u0000|onerror='/)
  expect(html.match(/<tbody data-verdict/g)).toHaveLength(3)
  expect(html).toContain('&lt;a&gt; &amp; &quot;cloud&quot;')
  for (const part of [
    '7 exchanges in the middle',
    'Console of i-1',
    'Nothing: reset',
    '[3 bytes, in base64]',
    'clearing up',
  ]) {
    expect(html).toContain(part)
  }
  expect(html).toContain('data-needs="s3 ebs" data-proven="yes"')
  expect(html).toMatch(/MinIO&nbsp;1<small>2026-11-23<\/small>/)
})

test('the page loads nothing, and runs nothing but what its policy names', () => {
  const html = page(whole)
  expect(html).not.toMatch(/\b(?:src|href|action|background)=["']?(?!x)|url\(|@import|\sstyle=|\son\w+="/i)
  const policy = /content="(default-src[^"]*)"/.exec(html)?.[1] ?? ''
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/)
})

test('the failed cases come first, and only what has more to tell unfolds', () => {
  const html = page(whole)
  expect(html.indexOf('data-verdict="failed"')).toBeLessThan(html.indexOf('data-verdict="passed"'))
  const [, failed = '', passed = '', other = ''] = html.split('<tbody data-')
  expect(failed).toContain('<details>')
  expect(passed + other).not.toContain('<details>')
})

test('elements of the page are closed', () => {
  const body = page(whole)
    .replace(/<(meta|input|br|rect)\b[^>]*>/g, '')
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
  const open: string[] = []
  for (const [, slash, name] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
    if (slash) expect(open.pop()).toBe(name)
    else open.push(name!)
  }
  expect(open).toEqual([])
})

test.each([
  [{ passed: 3, failed: 0, skipped: 0 }, '3 passed', '#1a7f37'],
  [{ passed: 3, failed: 0, skipped: 2 }, '3 passed, 2 skipped', '#8a6100'],
  [{ passed: 3, failed: 1, skipped: 2 }, '3 passed, 1 failed, 2 skipped', '#b3261e'],
  [{ passed: 0, failed: 0, skipped: 0 }, '0 passed', '#8a6100'],
  [{ passed: 3, failed: 0, skipped: 0, interrupted: true }, '3 passed, interrupted', '#8a6100'],
] as const)('the badge of %o', (counts, words, colour) => {
  const svg = badge(counts)
  expect(XMLValidator.validate(svg)).toBe(true)
  expect(svg).toContain(`<title>conformance: ${words}</title>`)
  expect(svg).toContain(colour)
})

test.each([
  ['passed', 'failed', true, 'worse    a/a: passed -> failed: no\n'],
  ['passed', 'skipped', true, 'worse    a/a: passed -> skipped: no\n'],
  ['skipped', 'failed', true, 'worse    a/a: skipped -> failed: no\n'],
  ['failed', 'passed', false, 'better   a/a: failed -> passed\n'],
  ['failed', 'skipped', false, 'better   a/a: failed -> skipped: no\n'],
  ['passed', undefined, true, 'removed  a/a: it passed\n'],
  ['skipped', undefined, false, 'removed  a/a: it was skipped\n'],
  [undefined, 'failed', true, 'added    a/a: failed: no\n'],
  [undefined, 'passed', false, 'added    a/a: passed\n'],
  ['passed', 'passed', false, 'no case has another verdict'],
] as const)('from %s to %s: worse is %s', (before, after, worse, line) => {
  const of = (verdict: CaseRecord['verdict'] | undefined) =>
    report([record('b/b', 'passed'), ...(verdict ? [record('a/a', verdict, { reason: 'no\nmore' })] : [])])
  const comparison = compare(of(before), of(after))
  expect(comparison.worse).toBe(worse)
  expect(`${comparison.lines.slice(2).join('\n')}\n`).toContain(line)
})

test('a file that is no report is refused', () => {
  expect(() => readDocument('{"schema":"euca-emu-conformance/2"}', 'a.json')).toThrow('a.json is no report of the form')
  expect(() => readDocument('null', 'a.json')).toThrow('is no report')
  expect(() => readDocument('<xml>', 'a.json')).toThrow('a.json is no JSON')
  expect(readDocument(JSON.stringify(whole), 'a.json').cases).toHaveLength(3)
})

type Schema = { readonly [word: string]: unknown }

/** What of a value departs from a schema; of the words of JSON Schema it knows those that ours uses. */
function departures(value: unknown, given: Schema, root: Schema, where = '$'): string[] {
  const {
    $ref,
    type,
    const: only,
    enum: some,
    pattern,
    minimum,
    required,
    properties,
    additionalProperties,
    items,
  } = given
  if (typeof $ref === 'string') {
    const found = $ref
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Schema)[name], root)
    return departures(value, found as Schema, root, where)
  }
  const is = Array.isArray(value) ? 'array' : Number.isInteger(value) && type === 'integer' ? 'integer' : typeof value
  if (type !== undefined && is !== type) return [`${where} is ${is}, not ${type}`]
  const wrong: string[] = []
  if (only !== undefined && value !== only) wrong.push(`${where} is not ${only}`)
  if (some !== undefined && !(some as unknown[]).includes(value)) wrong.push(`${where} is none of ${some}`)
  if (pattern !== undefined && !new RegExp(String(pattern)).test(String(value)))
    wrong.push(`${where} is not ${pattern}`)
  if (minimum !== undefined && Number(value) < Number(minimum)) wrong.push(`${where} is below ${minimum}`)
  if (is === 'array' && items) {
    wrong.push(
      ...(value as unknown[]).flatMap((item, at) => departures(item, items as Schema, root, `${where}[${at}]`)),
    )
  }
  if (is !== 'object') return wrong
  const known = (properties ?? {}) as Record<string, Schema>
  for (const name of (required ?? []) as string[])
    if (!Object.hasOwn(value as object, name)) wrong.push(`${where}.${name} is missing`)
  for (const [name, one] of Object.entries(value as object)) {
    if (known[name]) wrong.push(...departures(one, known[name], root, `${where}.${name}`))
    else if (additionalProperties === false) wrong.push(`${where}.${name} is unknown`)
  }
  return wrong
}

test('a report is as its schema says, and the schema refuses what is none', async () => {
  const root: Schema = JSON.parse(await readFile(new URL('report.schema.json', import.meta.url), 'utf8'))
  const wrong = (value: unknown) => departures(JSON.parse(JSON.stringify(value)), root, root)
  expect(wrong(whole)).toEqual([])
  expect(wrong({ ...whole, ...circumstances })).toEqual([])
  expect(wrong({ ...whole, schema: 'euca-emu-conformance/2' })).toEqual(['$.schema is not euca-emu-conformance/1'])
  expect(wrong({ ...whole, more: 1 })).toEqual(['$.more is unknown'])
  const { run, ...rest } = whole
  expect(wrong({ ...rest, passed: -1 })).toEqual(['$.run is missing', '$.passed is below 0'])
  expect(wrong(report([record('Area', 'passed', { level: 'MIGHT' as 'MAY' })]))).toHaveLength(2)
})
