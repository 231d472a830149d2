import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Kills, kill } from './kills.contract.ts'

// Boots no guest, but the program itself, many times: it needs the machine for itself, as those that do.
async function killed(times: number) {
  const data = await mkdtemp(join(tmpdir(), 'kills-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const say = ({ writes, starts }: Kills) =>
    console.log(`${starts.length} kills, ${writes} writes, the slowest start ${Math.max(...starts).toFixed(0)} ms`)
  const { writes, breaches, starts } = await kill(data, times, (soFar) => {
    if (soFar.starts.length % 100 === 0) say(soFar)
  })
  say({ writes, breaches, starts })
  expect(breaches).toEqual([])
  expect(starts).toHaveLength(times)
  expect(writes).toBeGreaterThan(times)
}

describe('kills at random moments lose nothing that was acknowledged', () => {
  test('ten of them', { timeout: 600_000 }, () => killed(10))
  const many = Number(process.env['KILLS'] ?? 1000)
  test(`${many} of them`, { tags: ['slow'], timeout: many * 60_000 }, () => killed(many))
})
