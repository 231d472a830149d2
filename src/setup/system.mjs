// @ts-check
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run, StepFailed } from './step.mjs'

/** What boots instances and makes disks. */
const programs = ['qemu-system-x86_64', 'qemu-img']

/** What to type where this script may not install QEMU itself. */
export const qemuHint = `QEMU is needed to boot instances, and it is not here. Install it with
  Debian, Ubuntu:  sudo apt-get install --no-install-recommends qemu-system-x86 qemu-utils
  Fedora:          sudo dnf install qemu-system-x86-core qemu-img
  macOS:           brew install qemu`

/**
 * Whether a program is found in the folders of PATH.
 *
 * @param {string} name
 * @param {string} [path]
 */
export function isInstalled(name, path = process.env['PATH'] ?? '') {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * What to write before `apt-get` so that it may install; undefined where there is no apt or no right to use it.
 *
 * @returns {string[] | undefined}
 */
function aptPrefix() {
  if (!isInstalled('apt-get')) return undefined
  if (process.getuid?.() === 0) return []
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['sudo', '-n'] : undefined
}

/**
 * @param {string[]} prefix
 * @param {readonly string[]} packages
 */
async function installWithApt(prefix, packages) {
  // sudo drops our environment, so the setting goes along as an argument.
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120']
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...packages]
  const isListed = spawnSync('apt-get', ['install', '--simulate', ...packages], { stdio: 'ignore' }).status === 0
  if (isListed && (await run(install)) === 0) return
  // The lists are missing (a fresh container) or older than the archive.
  if ((await run([...apt, 'update'])) === 0) await run(install)
}

/**
 * Installs with apt what is missing, where that needs no question. Throws StepFailed with what to type.
 *
 * @param {{ name: string, isMissing: () => boolean, packages: readonly string[], hint: string }} need
 */
async function provide({ name, isMissing, packages, hint }) {
  if (!isMissing()) return
  const prefix = aptPrefix()
  if (prefix) {
    console.log(`\n== install ${name} (apt-get)`)
    await installWithApt(prefix, packages)
  }
  if (isMissing()) throw new StepFailed(hint)
}

/** QEMU, which boots instances. Throws StepFailed with what to type. */
export const provideQemu = () =>
  provide({
    name: 'QEMU',
    isMissing: () => programs.some((program) => !isInstalled(program)),
    packages: ['qemu-system-x86', 'qemu-utils'],
    hint: qemuHint,
  })

/** Where Debian and Ubuntu have what starts by UEFI: the firmware, and the boot loader of a disk that a test makes. */
const uefiFiles = {
  ovmf: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  'systemd-boot-efi': '/usr/lib/systemd/boot/efi/systemd-bootx64.efi',
}

/** What to type where this script may not install the UEFI firmware itself. */
export const uefiHint = `Images that boot by UEFI need its firmware, and it is not here. Install it with
  Debian, Ubuntu:  sudo apt-get install --no-install-recommends ovmf
  (their test: also systemd-boot-efi)`

/**
 * The UEFI firmware, and what its test boots where that is asked for. On other systems it comes with QEMU, or `doctor` says
 * what to type. Throws StepFailed with what to type.
 *
 * @param {readonly (keyof typeof uefiFiles)[]} packages
 * @param {(path: string) => boolean} isThere
 */
export async function provideUefi(packages = ['ovmf'], isThere = existsSync) {
  if (!isInstalled('apt-get')) return
  const missing = () => packages.filter((name) => !isThere(uefiFiles[name]))
  await provide({ name: 'UEFI', isMissing: () => missing().length > 0, packages: missing(), hint: uefiHint })
}

const hasPython = () => spawnSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0

/** What to type where this script may not install what the tests need. */
export const testToolsHint = `The tests need the programs openssl, ssh, xz and zstd, and Python 3 with its venv module. Install them with
  Debian, Ubuntu:  sudo apt-get install openssl openssh-client python3 python3-venv xz-utils zstd
  Fedora:          sudo dnf install openssl openssh-clients python3 xz zstd
  macOS:           brew install openssl python xz zstd`

/**
 * What tests compare with, log in with and pack with: openssl, a Python for boto3, ssh, xz and zstd. Throws StepFailed
 * with what to type.
 */
export const provideTestTools = () =>
  provide({
    name: 'the tools of the tests',
    isMissing: () => ['openssl', 'ssh', 'xz', 'zstd'].some((program) => !isInstalled(program)) || !hasPython(),
    packages: ['openssl', 'openssh-client', 'python3', 'python3-venv', 'xz-utils', 'zstd'],
    hint: testToolsHint,
  })

/** What to type where this script may not install what Debian 12 is built with. */
export const debianToolsHint = `Debian 12, which a few tests boot, is built with mmdebstrap. Install it with
  Debian, Ubuntu:  sudo apt-get install mmdebstrap fakeroot e2fsprogs uidmap`

/** What Debian 12 is built with, which tests boot when the node has changed. Throws StepFailed with what to type. */
export const provideDebianTools = () =>
  provide({
    name: 'what Debian 12 is built with',
    isMissing: () => ['mmdebstrap', 'fakeroot', 'newuidmap'].some((program) => !isInstalled(program)),
    packages: ['mmdebstrap', 'fakeroot', 'e2fsprogs', 'uidmap'],
    hint: debianToolsHint,
  })
