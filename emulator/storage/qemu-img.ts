import { execa } from 'execa'
import type { DiskLayer } from '../disk/layer.ts'
import { spawnSealed } from '../state/spawn-sealed.ts'

const qemuImgMissing =
  'snapshots need qemu-img: type "apt-get install qemu-utils" (Debian, Ubuntu), "dnf install qemu-img" (Fedora) or ' +
  '"brew install qemu" (macOS)'

/** The chain as QEMU takes it, every driver and backing file stated, so that nothing is probed or taken from a header. */
function node(layer: DiskLayer): object {
  const file = { driver: 'file', filename: layer.file }
  if (layer.format === 'raw') return { driver: 'raw', file }
  return { driver: 'qcow2', file, backing: layer.backing && node(layer.backing) }
}

/** A disk as an argument of qemu-img. */
export const imageArgument = (layer: DiskLayer): string => `json:${JSON.stringify(node(layer))}`

/**
 * What the command runs under. On Linux it dies with us and has limits: CPU seconds for 16 MiB/s and a minute, 4 GiB of
 * address space, a file no larger than all of the disk with its tables. It yields to guests and to requests.
 */
function confinement(bytes: number): string[] {
  const yielding = ['nice', '-n', '10']
  if (process.platform !== 'linux') return yielding
  const seconds = 60 + Math.ceil(bytes / (16 * 2 ** 20))
  const fileBytes = Math.ceil(bytes * 1.01) + 16 * 2 ** 20
  const limits = [`--cpu=${seconds}`, `--as=${4 * 2 ** 30}`, `--fsize=${fileBytes}`, '--core=0']
  return ['setpriv', '--pdeathsig', 'KILL', 'prlimit', ...limits, '--', ...yielding]
}

/**
 * Runs qemu-img for a disk of so many bytes, within limits that follow from them. Rejects with what it said when it fails,
 * with what to install when there is none, and with the signal's reason, its process ended, when that is aborted.
 */
export async function runQemuImg(args: readonly string[], bytes: number, signal?: AbortSignal): Promise<void> {
  const [command = 'nice', ...words] = confinement(bytes)
  const {
    failed,
    exitCode,
    code,
    stderr,
    signal: killedBy,
  } = await spawnSealed(['ignore', 'ignore', 'pipe'], (stdio) =>
    execa(command, [...words, 'qemu-img', ...args], {
      ...(signal && { cancelSignal: signal }),
      stdio,
      reject: false,
      extendEnv: false,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    }),
  )
  signal?.throwIfAborted()
  if (!failed) return
  if (exitCode === 127 || code === 'ENOENT') throw new Error(`${qemuImgMissing} (${stderr || code})`)
  const how = killedBy ? `was ended by ${killedBy}` : `ended with status ${exitCode}`
  throw new Error(`qemu-img ${args[0]} ${how}: ${stderr.trim().slice(-2_000)}`)
}
