import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { defineCase } from '../case.ts'
import { runCases } from '../run.ts'
import type { Target } from '../target.ts'
import { cloudOf, withProofs } from './evidence.ts'
import { cameLine, type Exchange, fitting, lastOf, sizeOf } from './exchange.ts'
import { showProgress } from './progress.ts'
import { compareFiles, openReporting, type ReportOptions } from './reporting.ts'

const secret = 'secret-of-the-administrator'
const target = (url: string): Target => ({
  name: 'somewhere',
  fidelity: 'aws',
  region: 'here',
  zone: 'a',
  endpoints: { ec2: url, s3: url, sts: url },
  administrator: { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: secret },
  capabilities: ['s3'],
  instanceType: { name: 't', diskGiB: 1 },
  timeScale: 1,
})
const fields = { level: 'MUST', covers: [], needs: ['s3'], source: 'this test', seconds: 1 } as const
const cases = [
  defineCase({ ...fields, id: 'area/good', title: 'good', run: async () => undefined }),
  defineCase({
    ...fields,
    id: 'area/bad',
    title: 'bad',
    run: () => Promise.reject(new Error(`no ${secret}\u001b[2J`)),
  }),
  defineCase({ ...fields, id: 'area/else', title: 'else', needs: ['ebs'], run: async () => undefined }),
]

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-reports-'))
  await writeFile(join(folder, 'evidence.json'), '{}')
  return () => rm(folder, { recursive: true, force: true })
})

/** Runs the cases and gives what was printed. */
async function run(options: ReportOptions, url = 'http://127.0.0.1:9', isTTY = false) {
  let printed = ''
  const write = (text: unknown) => {
    printed += text
    return true
  }
  const desk = { screen: { write, isTTY }, suite: '1.2.3', evidenceFile: join(folder, 'evidence.json') }
  const reporting = await openReporting(cases, target(url), options, desk)
  const document = await reporting.finish(await runCases(cases, target(url), reporting.events))
  return { printed, document }
}

test('a run is printed line by line, its counts last, without secrets and without what moves a terminal', async () => {
  const { printed } = await run({})
  const lines = printed.trimEnd().split('\n')
  expect(lines.at(-1)).toBe('1 passed, 1 failed, 1 skipped')
  expect(printed).toContain('so        no [struck out]\n')
  expect(printed).not.toMatch(/secret-of|\u001b|\r/)
})

test('every form that is asked for is written, without secrets', async () => {
  const file = (name: string) => join(folder, name)
  const forms = { json: file('a.json'), junit: file('a.xml'), html: file('a.html'), badge: file('a.svg') }
  await run({ ...forms, transcripts: true })
  const [json, junit, html, badge] = await Promise.all(Object.values(forms).map((path) => readFile(path, 'utf8')))
  expect(JSON.parse(json!)).toMatchObject({
    schema: 'euca-emu-conformance/1',
    suite: '1.2.3',
    target: 'somewhere',
    passed: 1,
  })
  expect(JSON.parse(json!).cases[0]).toMatchObject({ id: 'area/good', needs: ['s3'], transcript: { exchanges: [] } })
  expect(junit).toContain('<testsuites name="conformance of somewhere"')
  expect(html).toContain('<!doctype html>')
  expect(badge).toContain('1 passed, 1 failed, 1 skipped')
  expect(`${json}${junit}${html}${badge}`).not.toContain(secret)
  expect(await compareFiles(forms.json, forms.json)).toMatchObject({ worse: false })
  await expect(compareFiles(forms.json, forms.html)).rejects.toThrow('is no JSON')
})

test('what was swept after the cases is added to what was written, shortened and without secrets', async () => {
  const json = join(folder, 'a.json')
  const desk = { screen: { write: () => true }, suite: '1', evidenceFile: join(folder, 'evidence.json') }
  const reporting = await openReporting(cases, target('http://127.0.0.1:9'), { json }, desk)
  const report = await runCases([], target('http://127.0.0.1:9'))
  const read = async () => JSON.parse(await readFile(json, 'utf8'))
  await reporting.finish(report)
  expect(await read()).not.toHaveProperty('sweep')
  const removed = Array.from({ length: 102 }, (_, at) => `bucket b${at}`)
  await reporting.finish({ ...report, sweep: { removed, left: [`volume v: no ${secret} ${'x '.repeat(1e6)}`] } })
  const { sweep } = await read()
  expect(sweep.removed).toHaveLength(101)
  expect(sweep.removed.slice(-2)).toEqual(['bucket b99', 'and 2 more'])
  expect(sweep.left).toEqual([expect.stringMatching(/^volume v: no \[struck out\] x .*… \(\d+ characters\)$/)])
})

test('files that cannot be written are noticed before anything has run', async () => {
  const desk = { screen: { write: () => true }, suite: '1', evidenceFile: join(folder, 'none.json') }
  const opened = (options: ReportOptions) => openReporting(cases, target('http://127.0.0.1:9'), options, desk)
  await expect(opened({ json: join(folder, 'no', 'a.json') })).rejects.toThrow(/ENOENT/)
  await expect(opened({ json: join(folder, 'a'), html: join(folder, '.', 'a') })).rejects.toThrow(
    /two forms of the report/,
  )
  await expect(opened({ record: 'Cloud 1' })).rejects.toThrow(/ENOENT/)
})

test('a form that cannot be written does not keep the others from it', async () => {
  const [json, junit] = [join(folder, 'a.json'), join(folder, 'b', 'a.xml')]
  await mkdir(join(folder, 'b'))
  const desk = { screen: { write: () => true }, suite: '1', evidenceFile: join(folder, 'evidence.json') }
  const reporting = await openReporting(cases, target('http://127.0.0.1:9'), { junit, json }, desk)
  await rm(join(folder, 'b'), { recursive: true })
  await expect(reporting.finish(await runCases([], target('http://127.0.0.1:9')))).rejects.toThrow(/ENOENT/)
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ target: 'somewhere', cases: [] })
})

test.each([
  ['no target', { target: undefined }],
  ['no cases', { cases: undefined }],
  ['a case of nothing', { cases: [null] }],
  ['a verdict that is none', { cases: [{ id: 'a/b', verdict: 'green' }] }],
  ['a reason that is no text', { cases: [{ id: 'a/b', verdict: 'failed', reason: 5 }], failed: 1 }],
  ['a case too few', { cases: [], failed: 1 }],
])('a report with %s is damaged', async (_, damage) => {
  const path = join(folder, 'a.json')
  const whole = {
    schema: 'euca-emu-conformance/1',
    target: 't',
    started: '',
    passed: 0,
    failed: 0,
    skipped: 0,
    cases: [],
  }
  await writeFile(path, JSON.stringify(whole))
  expect(await compareFiles(path, path)).toMatchObject({ worse: false })
  await writeFile(path, JSON.stringify({ ...whole, ...damage }))
  await expect(compareFiles(path, path)).rejects.toThrow(/a\.json is a damaged report/)
})

test('what passes is recorded for the cloud, and shown as proven', async () => {
  const { document } = await run({ record: 'Some Cloud 5.1' })
  const proof = { cloud: 'Some Cloud', version: '5.1', when: document.started.slice(0, 10) }
  expect(JSON.parse(await readFile(join(folder, 'evidence.json'), 'utf8'))).toEqual({ 'area/good': [proof] })
  expect(document.unproven).toEqual(['area/bad', 'area/else'])
  expect(document.cases[0]?.evidence).toEqual([proof])
})

test('nothing is recorded for the emulator, and no record is begun that cannot be written', async () => {
  const server = createServer((_, response) => response.end('{"status":"ok","fidelity":"aws"}')).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/objectstorage`
  await expect(run({ record: 'Cloud 1' }, url)).rejects.toThrow('this is the emulator')
  await expect(run({ record: 'Cloud' })).rejects.toThrow('a cloud and its version')
  await rm(join(folder, 'evidence.json'))
  await expect(run({ record: 'Cloud 1' })).rejects.toThrow('ENOENT')
})

describe('evidence', () => {
  const proof = (cloud: string, version: string, when: string) => ({ cloud, version, when })
  const result = (id: string, verdict: 'passed' | 'failed' | 'skipped') => ({ id, verdict }) as never

  test('keeps the last proof of each cloud, sorted, and one that fails now', () => {
    const before = { b: [proof('MinIO', '1', '2025-01-01')], z: [proof('AWS', '1', '2025-01-01')] }
    const results = [result('z', 'failed'), result('b', 'passed'), result('a', 'passed'), result('c', 'skipped')]
    const after = withProofs(before, { results, started: '2026-02-03T04:05:06Z' }, { cloud: 'AWS', version: '2' })
    expect(Object.keys(after)).toEqual(['a', 'b', 'z'])
    expect(after['b']).toEqual([proof('AWS', '2', '2026-02-03'), proof('MinIO', '1', '2025-01-01')])
    expect(after['z']).toEqual(before.z)
    const again = withProofs(after, { results, started: '2026-03-03T04:05:06Z' }, { cloud: 'MinIO', version: '9' })
    expect(again['b']).toEqual([proof('AWS', '2', '2026-02-03'), proof('MinIO', '9', '2026-03-03')])
  })

  test.each(['', 'Cloud', '  '])('"%s" names no cloud and version', (words) =>
    expect(() => cloudOf(words)).toThrow('--record takes'),
  )
})

describe('progress', () => {
  const shown = (isTTY: boolean) => {
    const pieces: string[] = []
    const progress = showProgress(2, { isTTY, columns: 60, write: (text: unknown) => pieces.push(String(text)) > 0 })
    progress.started('area/one')
    progress.started('area/two-with-a-name-that-is-longer-than-the-terminal-is-wide')
    progress.line('passed  area/one')
    progress.finished({ id: 'area/one', verdict: 'passed' })
    progress.end()
    return pieces
  }

  test('on a terminal one line moves, below the lines that stay, and is gone at the end', () => {
    const pieces = shown(true)
    expect(pieces[0]).toBe('\r\u001b[K0 of 2: 0 passed, 0 failed, 0 skipped; area/one')
    for (const piece of pieces) expect(piece.replace(/\r\u001b\[K|\n/g, '').length).toBeLessThan(60)
    expect(pieces.slice(-2)).toEqual([expect.stringContaining('1 of 2: 1 passed'), '\r\u001b[K'])
  })

  test('elsewhere there are lines only', () => expect(shown(false)).toEqual(['passed  area/one\n']))
})

test('of requests side by side the one that was answered last counts', () => {
  const one = (at: number, milliseconds: number, more: Partial<Exchange>): Exchange => ({
    at,
    method: 'PUT',
    url: `http://a/${at}`,
    headers: [],
    milliseconds,
    ...more,
  })
  const answer = { status: 400, headers: [] }
  const exchanges = [one(1, 9, { answer }), one(2, 1, { answer }), one(3, 0, {}), one(20, 1, { answer, cleanUp: true })]
  expect(lastOf({ exchanges, leftOut: 0 })?.at).toBe(1)
  expect(lastOf({ exchanges: [], leftOut: 0 })).toBeUndefined()
  expect(cameLine(exchanges[2]!)).toBe('nothing yet')
})

test('where there is no room for all bodies the last ones stay, and of the others how long they were', () => {
  const text = 'x'.repeat(10)
  const body = { bytes: 10, text }
  const exchange = { at: 0, method: 'PUT', url: 'http://a/', headers: [], milliseconds: 1, body }
  const exchanges = [exchange, { ...exchange, answer: { status: 200, headers: [], body } }]
  const fitted = fitting(exchanges, 25)
  expect(fitted.map((one) => one.body?.text)).toEqual([undefined, text])
  expect([fitted[0]?.body, fitted[1]?.answer?.body]).toEqual([{ bytes: 10 }, body])
  expect(sizeOf({ exchanges: fitted, leftOut: 0 })).toBe(20)
})

test('where there is no room for all headers those of the last messages stay', () => {
  const headers = [['x-long', 'x'.repeat(14)]] as const
  const exchange = { at: 0, method: 'GET', url: 'http://a/', headers, milliseconds: 1 }
  const fitted = fitting([exchange, { ...exchange, answer: { status: 200, headers } }], 45)
  expect(fitted.map((one) => [one.headers, one.answer?.headers])).toEqual([
    [[], undefined],
    [headers, headers],
  ])
  expect(sizeOf({ exchanges: fitted, leftOut: 0 })).toBe(40)
})
