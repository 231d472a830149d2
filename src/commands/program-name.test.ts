import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { programName } from './program-name.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'program-name-')))
afterAll(() => rmSync(root, { recursive: true }))
const cli = join(root, "it's a clone", 'dist', 'src', 'cli.js')
const inBin = join(root, 'bin', 'euca-emu')
const inNpm = join(root, 'app', 'node_modules', '.bin', 'euca-emu')
const elsewhere = join(root, 'other', 'euca-emu')
for (const path of [cli, inBin, inNpm, elsewhere]) mkdirSync(dirname(path), { recursive: true })
writeFileSync(cli, '')
writeFileSync(elsewhere, '')
chmodSync(cli, 0o755)
for (const link of [inBin, inNpm]) symlinkSync(cli, link)
const usual = join(root, 'nowhere')

test.each<[string, string | undefined, string[], string, string]>([
  ['from a clone, in it', cli, [], join(root, "it's a clone"), 'node dist/src/cli.js'],
  ['from a clone, beside it', cli, [], root, `node 'it'\\''s a clone/dist/src/cli.js'`],
  ['from a clone, somewhere else', cli, [], '/usr', `node '${cli.replace("'", "'\\''")}'`],
  ['beside another of that name', cli, [dirname(elsewhere)], join(root, "it's a clone"), 'node dist/src/cli.js'],
  ['installed, by its name', inBin, [usual, dirname(inBin)], root, 'euca-emu'],
  ['installed, by its script', cli, [dirname(inBin)], root, 'euca-emu'],
  ['installed, but not in PATH', inBin, [], root, 'bin/euca-emu'],
  ['by npx', inNpm, [dirname(inNpm)], root, 'npx euca-emu'],
  ['by a script of a package that has it', cli, [dirname(inNpm)], root, 'npx euca-emu'],
  ['within another program', join(root, 'main.js'), [], root, 'euca-emu'],
  ['by no script', undefined, [], root, 'euca-emu'],
])('started %s', (_how, script, path, cwd, typed) =>
  expect(programName({ script, cwd, path: path.join(':') })).toBe(typed),
)
