import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { spawnSealed } from '../state/spawn-sealed.ts'

/** What a person reads where QEMU is missing. */
export const qemuMissing =
  'qemu-system-x86_64 is not installed: type "apt-get install qemu-system-x86" (Debian, Ubuntu), ' +
  '"dnf install qemu-system-x86-core" (Fedora) or "brew install qemu" (macOS)'

/** The first `qemu-system-x86_64` on `path`, as an absolute path; undefined when there is none. */
export async function findQemu(path = process.env['PATH'] ?? ''): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((part) => part.startsWith('/'))) {
    const file = join(folder, 'qemu-system-x86_64')
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runs) return file
  }
  return undefined
}

/** The version that `binary` reports, e.g. `7.2.22`. Throws when it does not run or is older than 7.2. */
export async function qemuVersion(binary: string): Promise<string> {
  const { stdout } = await spawnSealed(['ignore', 'pipe', 'pipe'], (stdio) => execa(binary, ['--version'], { stdio }))
  const [, version, major, minor] = /version ((\d+)\.(\d+)[\d.]*)/.exec(stdout) ?? []
  if (version === undefined) throw new Error(`${binary} --version says no version: ${stdout.slice(0, 200)}`)
  // 7.2 brought the stream network device, 7.0 the machine option that leaves the keyboard controller out.
  if (Number(major) * 100 + Number(minor) < 702) throw new Error(`${binary} is version ${version}; 7.2 is the oldest`)
  return version
}
