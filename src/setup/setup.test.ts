import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildPlan, sources } from './build.mjs'
import { packagesAreInstalled } from './packages.mjs'
import { isInstalled, qemuHint, testToolsHint, uefiHint } from './system.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu setup-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = (path: string, content = '') => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), content)
}

describe('packagesAreInstalled', () => {
  const locked = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/win': { version: '2.0.0', optional: true },
  }
  test.each<[string, object | undefined, boolean]>([
    ['nothing is there', undefined, false],
    ['all is there', { 'node_modules/a': { version: '1.0.0' }, 'node_modules/win': { version: '2.0.0' } }, true],
    ['one of another platform is not', { 'node_modules/a': { version: '1.0.0' } }, true],
    ['one is missing', { 'node_modules/win': { version: '2.0.0' } }, false],
    ['one is older', { 'node_modules/a': { version: '0.9.0' } }, false],
    [
      'an optional one is older',
      { 'node_modules/a': { version: '1.0.0' }, 'node_modules/win': { version: '1.0.0' } },
      false,
    ],
  ])('%s: %j -> %s', (_case, installed, expected) => {
    file('package-lock.json', JSON.stringify({ packages: locked }))
    if (installed) file('node_modules/.package-lock.json', JSON.stringify({ packages: installed }))
    expect(packagesAreInstalled(folder)).toBe(expected)
  })
})

describe('a build', () => {
  const digestAfter = (change: () => void) => {
    change()
    return sources(folder).digest
  }

  test('is made from the sources, the compiler options and the packages', () => {
    file('tsconfig.json', '{}')
    file('package-lock.json', '{}')
    file('src/a b.ts', 'export {}')
    file('src/deep/c.mjs', 'export {}')
    file('src/picture.png', 'x')
    expect(sources(folder).files).toEqual(['src/a b.ts', 'src/deep/c.mjs'])
    const digests = [
      sources(folder).digest,
      digestAfter(() => file('src/a b.ts', 'export { }')),
      digestAfter(() => file('tsconfig.json', '{ }')),
      digestAfter(() => file('package-lock.json', '{ }')),
      digestAfter(() => file('emulator/d.ts')),
      digestAfter(() => rmSync(join(folder, 'emulator/d.ts'))),
    ]
    expect(new Set(digests).size).toBe(5)
    expect(digests.at(-1)).toBe(digests.at(-3))
    expect(digestAfter(() => file('README.md', 'x'))).toBe(digests.at(-1))
  })

  test.each([
    ['unknown', undefined, { files: ['a'], digest: '1' }, 'remove and compile'],
    ['current', { files: ['a'], digest: '1' }, { files: ['a'], digest: '1' }, 'nothing'],
    ['of an older file', { files: ['a'], digest: '1' }, { files: ['a'], digest: '2' }, 'compile'],
    ['without a new file', { files: ['a'], digest: '1' }, { files: ['a', 'b'], digest: '2' }, 'compile'],
    ['of a file that is gone', { files: ['a', 'b'], digest: '1' }, { files: ['a'], digest: '2' }, 'remove and compile'],
    ['of a file that was renamed', { files: ['a'], digest: '1' }, { files: ['b'], digest: '2' }, 'remove and compile'],
  ])('%s: %j, %j -> %s', (_case, before, now, plan) => expect(buildPlan(before, now)).toBe(plan))
})

describe('QEMU', () => {
  test('is looked for in PATH', () => {
    file('bin one/qemu-img')
    file('two/qemu-img')
    const path = [join(folder, 'missing'), join(folder, 'bin one'), join(folder, 'two')].join(delimiter)
    expect(isInstalled('qemu-img', path)).toBe(false)
    chmodSync(join(folder, 'two/qemu-img'), 0o755)
    expect(isInstalled('qemu-img', path)).toBe(true)
    expect(isInstalled('qemu-system-x86_64', path)).toBe(false)
  })

  test.each(['sudo apt-get install', 'sudo dnf install', 'brew install'])('the hint says: %s', (command) => {
    expect(qemuHint).toContain(command)
  })
})

const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
const script = (body: string) => ['--input-type=module', '--eval', body]

describe('run', () => {
  test.each([
    ['its exit code', "[process.execPath, '-e', 'process.exit(7)']", '7'],
    ['127 for a program that is not there', "['no-such-program-here']", '127'],
    ['128 + n for one that a signal ended', "[process.execPath, '-e', 'process.kill(process.pid, 9)']", '137'],
  ])('resolves with %s', (_case, command, code) => {
    const { stdout } = spawnSync(
      process.execPath,
      script(`import { run } from ${here('./step.mjs')}; console.log(await run(${command}))`),
      { encoding: 'utf8' },
    )
    expect(stdout.trim()).toBe(code)
  })

  test('ends with its program when it is told to', async () => {
    const inner =
      "process.on('SIGTERM', () => { console.log('ended'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1000)"
    const child = spawn(
      process.execPath,
      script(
        `import { run } from ${here('./step.mjs')}; await run([process.execPath, '-e', ${JSON.stringify(inner)}]); console.log('went on')`,
      ),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
      if (output === 'up\n') child.kill('SIGTERM')
    })
    expect(await once(child, 'close')).toEqual([143, null])
    expect(output).toBe('up\nended\n')
  })
})

describe('what is provided', () => {
  /** A PATH that has nothing but Node, `env` and these scripts; what they write to `log` comes back. */
  function provide(
    scripts: Record<string, string>,
    what: 'provideQemu' | 'provideTestTools' | 'provideUefi' = 'provideQemu',
    parameters = '',
  ) {
    symlinkSync('/usr/bin/env', join(folder, 'env'))
    for (const [name, body] of Object.entries(scripts)) {
      file(name, `#!/bin/sh\n${body}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    const body = `import { ${what} } from ${here('./system.mjs')}; await ${what}(${parameters}).catch((error) => console.log(error.message)); console.log('end')`
    const { stdout } = spawnSync(process.execPath, script(body), {
      encoding: 'utf8',
      env: { PATH: folder, FOLDER: folder },
    })
    return stdout
  }
  const sudo = '[ "$2" = true ] && exit 0; shift; exec "$@"'
  // Like a fresh container: packages are known after an update only.
  const apt = `echo "apt-get $* ($DEBIAN_FRONTEND)"
    case "$*" in
      *update) : > "$FOLDER/updated" ;;
      *install*) [ -e "$FOLDER/updated" ] || exit 100
        for name in qemu-system-x86_64 qemu-img ssh; do echo > "$FOLDER/$name"; /bin/chmod +x "$FOLDER/$name"; done ;;
    esac`

  test('is quiet when QEMU is there', () => {
    expect(provide({ 'qemu-system-x86_64': '', 'qemu-img': '', 'apt-get': apt, sudo })).toBe('end\n')
  })

  test('installs it with apt, without a question, after an update where that is needed', () => {
    const said = provide({ 'qemu-img': '', 'apt-get': apt, sudo }).split('\n')
    expect(said.filter((line) => line.startsWith('apt-get'))).toEqual([
      expect.stringMatching(/ update \(noninteractive\)$/),
      expect.stringMatching(/ install -y --no-install-recommends qemu-system-x86 qemu-utils \(noninteractive\)$/),
    ])
    expect(said).not.toContain(qemuHint.split('\n')[0])
  })

  test.each([
    ['there is no apt', {}],
    ['apt fails', { 'apt-get': 'exit 100', sudo }],
  ])('says what to type when %s', (_case, scripts) => {
    expect(provide(scripts)).toContain(`${qemuHint}\nend\n`)
  })

  test('the tests get an ssh, as they get an openssl and a Python', () => {
    const others = { openssl: '', python3: '', xz: '', zstd: '', 'apt-get': apt, sudo }
    expect(provide({ ...others, ssh: '' }, 'provideTestTools')).toBe('end\n')
    rmSync(join(folder, 'ssh'))
    rmSync(join(folder, 'env'))
    const said = provide(others, 'provideTestTools')
    expect(said).toContain(
      ' install -y --no-install-recommends openssl openssh-client python3 python3-venv xz-utils zstd (',
    )
    expect(said).not.toContain(testToolsHint)
  })

  const ofUefi = "['ovmf', 'systemd-boot-efi'], (path) => path.includes('OVMF')"
  test('of UEFI what is missing is installed; where that cannot be it is said, and without apt nothing is', () => {
    const said = provide({ 'apt-get': apt, sudo }, 'provideUefi', ofUefi)
    expect(said).toContain(' install -y --no-install-recommends systemd-boot-efi (')
    expect(said).toContain(`${uefiHint}\nend\n`)
    rmSync(join(folder, 'env'))
    expect(provide({}, 'provideUefi', "['ovmf'], () => true")).toBe('end\n')
    rmSync(join(folder, 'env'))
    rmSync(join(folder, 'apt-get'))
    expect(provide({}, 'provideUefi', ofUefi)).toBe('end\n')
  })

  test('the tests say what to type where they get none', () =>
    expect(provide({ openssl: '', python3: '', xz: '', zstd: '' }, 'provideTestTools')).toContain(
      `${testToolsHint}\nend\n`,
    ))
})

test('an unknown command is refused with the known ones', () => {
  const setup = fileURLToPath(new URL('../setup.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [setup, 'constructor'], { encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toContain('usage: node src/setup.mjs start|build|check|quick|bench|test|full')
})
