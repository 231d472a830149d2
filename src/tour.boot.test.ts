import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { program, qemusWith, until } from './program.contract.ts'
import { proofTitles } from './tour/proofs.ts'

/** Milliseconds for seven boots, two at a time, on two busy cores without hardware virtualization. */
const patience = 600_000

let folder: string
let end: () => void
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca-emu-'))
})
afterEach(() => {
  end()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the compiled program with a folder of temporary files that nobody else uses. */
function startTour() {
  if (!existsSync(program)) throw new Error(`${program} is not there: run "npm run build"`)
  const child = spawn(process.execPath, [program, 'tour'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (text += piece))
  const exited = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
  // SIGKILL: the test is over, whatever the tour thinks; its guests go with it.
  end = () => child.kill('SIGKILL')
  return { child, output: () => text, exited }
}

const nothingIsLeft = async () => {
  expect(readdirSync(folder)).toEqual([])
  expect(await qemusWith(folder)).toEqual([])
}

test('a tour proves all that it says, and leaves nothing', { timeout: patience }, async () => {
  const { output, exited } = startTour()
  const code = await exited
  for (const title of Object.values(proofTitles)) {
    expect(output()).toMatch(new RegExp(`^proven +${title} +\\d+\\.\\d s$`, 'm'))
  }
  expect(output()).toMatch(/^ {2}i-\w+ \| tiny login:$/m)
  expect(code, output()).toBe(0)
  await nothingIsLeft()
})

test('a tour that is interrupted while guests run ends, and leaves nothing', { timeout: patience }, async () => {
  const { child, output, exited } = startTour()
  const running = async () => {
    const qemus = await qemusWith(folder)
    return /is running at/.test(output()) && qemus.length > 0 ? qemus : undefined
  }
  await until('a guest of the tour', running)
  child.kill('SIGINT')
  expect(await exited, output()).toBe(130)
  expect(output()).not.toContain('NOT PROVEN')
  await nothingIsLeft()
})
