import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadCases } from './cases.ts'
import { assertKnown, differences, readDifferences } from './differences.ts'

const row = { case: 'area/words', reason: 'it is older', link: 'https://example.org/1' }

async function file(content: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-differences-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'known.json'), JSON.stringify(content))
  return join(folder, 'known.json')
}

test('a file names the differences of one target', async () => {
  const path = await file({ target: 'a cloud', differences: [row] })
  expect(await readDifferences(path, 'a cloud')).toEqual([{ target: 'a cloud', ...row }])
  await expect(readDifferences(path, 'another')).rejects.toThrow(/is about the target "a cloud"/)
})

test('a case that is named twice, one that is not there, and a link that is none are refused', async () => {
  const twice = await file({ target: 'a cloud', differences: [row, row] })
  await expect(readDifferences(twice, 'a cloud')).rejects.toThrow(/names the case area\/words twice/)
  const linkless = await file({ target: 'a cloud', differences: [{ ...row, link: 'a page' }] })
  await expect(readDifferences(linkless, 'a cloud')).rejects.toThrow(/the link of area\/words is none: "a page"/)
  const known = [{ target: 'a cloud', ...row }]
  expect(() => assertKnown(known, ['area/words'])).not.toThrow()
  expect(() => assertKnown(known, ['area/word'])).toThrow(/a cloud name the case area\/words, which is not there/)
})

test.each([
  ['no object', [row]],
  ['no target', { differences: [row] }],
  ['no list', { target: 'a cloud', differences: row }],
  ['no reason', { target: 'a cloud', differences: [{ ...row, reason: ' ' }] }],
  ['no link', { target: 'a cloud', differences: [{ ...row, link: undefined }] }],
  ['a row of nothing', { target: 'a cloud', differences: [null] }],
])('%s is refused', async (_, content) => {
  await expect(readDifferences(await file(content), 'a cloud')).rejects.toThrow(
    /no file of differences|needs case, reason/,
  )
})

test('the shipped differences are of cases that there are, each once', async () => {
  const ids = (await loadCases()).map(({ id }) => id)
  expect(differences.filter((one) => !ids.includes(one.case))).toEqual([])
  const named = differences.map((one) => `${one.target} ${one.case}`)
  expect(named).toHaveLength(new Set(named).size)
})
