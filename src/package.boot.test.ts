import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** The package as npm would publish it, installed where there is neither this repository nor a compiler. */
const repository = fileURLToPath(new URL('..', import.meta.url))
let folder: string
let app: string
let child: ChildProcess | undefined

const npm = (args: string[], cwd: string) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', env: { ...cleanEnvironment(), npm_config_loglevel: 'error' } })

/** Without what an `npm test` around us tells its children about this repository. */
const cleanEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name)),
  )

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu package-'))
  app = join(folder, 'app')
  mkdirSync(app)
  npm(['pack', '--pack-destination', folder], repository)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  // No install scripts: recent npm runs none unasked.
  npm(
    [
      'install',
      '--prefix',
      app,
      '--prefer-offline',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      join(folder, tarball),
    ],
    app,
  )
})
afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const installed = () =>
  readdirSync(join(app, 'node_modules/euca-emu'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(app, 'node_modules/euca-emu/').length))
const program = () => join(app, 'node_modules/.bin/euca-emu')

describe('the package', () => {
  test('holds the program, its types and its papers', () => {
    expect(installed()).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'dist/src/cli.js',
        'dist/src/index.d.ts',
        'dist/conformance/evidence.json',
      ]),
    )
  })

  test('holds no sources, tests or images', () => {
    const allowed =
      /^dist\/[^.]+\.(js|d\.ts)$|^(dist\/conformance\/(evidence|differences\/[a-z]+)\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/
    expect(installed().filter((path) => !allowed.test(path) || /\.(test|contract|harness)\./.test(path))).toEqual([])
  })

  test('has no bugs on purpose, and does not start with one', () => {
    const listed = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts'], repository))
    const packed = (listed[0].files as { path: string }[]).map(({ path }) => path)
    expect(packed).toContain('dist/emulator/seams.js')
    expect(packed.filter((path) => path.includes('mutants'))).toEqual([])
    const env = { ...cleanEnvironment(), EUCA_EMU_MUTANT: 'etag-is-wrong' }
    const { status, stderr } = spawnSync(program(), ['start', '--ephemeral', '--port', '0'], {
      cwd: app,
      env,
      encoding: 'utf8',
    })
    expect(status).not.toBe(0)
    expect(stderr).toContain('EUCA_EMU_MUTANT is "etag-is-wrong", but a package has no mutants')
  })

  test('knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    expect(npm(['exec', '--offline', '--', 'euca-emu', '--version'], app).trim()).toBe(version)
  })

  test('can be imported', () => {
    const script = "console.log(typeof (await import('euca-emu')).startEmulator)"
    expect(
      execFileSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: app, encoding: 'utf8' }).trim(),
    ).toBe('function')
  })

  test('starts, answers and stops', async () => {
    const running = spawn(program(), ['start', '--port', '0', '--data', join(folder, 'data')], {
      cwd: app,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = running
    let output = ''
    let url: string | undefined
    running.stderr.on('data', (data) => {
      output += data
    })
    for await (const line of createInterface({ input: running.stdout })) {
      output += `${line}\n`
      url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
      if (url) break
    }
    expect(url, output).toBeDefined()
    const answer = await fetch(`${url}/_euca/health`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(typeof (await answer.json())).toBe('object')
    running.kill('SIGTERM')
    expect(await once(running, 'exit'), output).toEqual([0, null])
  })
})
