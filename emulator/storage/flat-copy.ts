import { writeFile } from 'node:fs/promises'
import { execa } from 'execa'
import type { DiskLayer } from '../disk/layer.ts'
import { spawnSealed } from '../state/spawn-sealed.ts'

/** A copy to make: what `source` shows, as one qcow2 file of its own at `target`. */
export interface CopyJob {
  source: DiskLayer
  /** Must not exist; what a failure leaves there is the caller's to remove. */
  target: string
  /** Size that a guest sees, from which the limits of the work follow. */
  bytes: number
  signal?: AbortSignal | undefined
}

/** Makes flat copies of disks that no machine uses. Rejects with the reason when it cannot, or when aborted. */
export type FlatCopy = (job: CopyJob) => Promise<void>

const qemuImgMissing =
  'snapshots need qemu-img: type "apt-get install qemu-utils" (Debian, Ubuntu), "dnf install qemu-img" (Fedora) or ' +
  '"brew install qemu" (macOS)'

/** The chain as QEMU takes it, every driver and backing file stated, so that nothing is probed or taken from a header. */
function node(layer: DiskLayer): object {
  const file = { driver: 'file', filename: layer.file }
  if (layer.format === 'raw') return { driver: 'raw', file }
  return { driver: 'qcow2', file, backing: layer.backing && node(layer.backing) }
}

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

/** Copies with qemu-img, which takes as long as there is data, not as the disk is large. */
export const qemuImgCopy: FlatCopy = async ({ source, target, bytes, signal }) => {
  const [command = 'nice', ...words] = confinement(bytes)
  // qemu-img keeps the mode of a file that is there, and would let everybody read one that it makes.
  await writeFile(target, '', { flag: 'wx', mode: 0o600 })
  const convert = ['qemu-img', 'convert', '-O', 'qcow2', `json:${JSON.stringify(node(source))}`, target]
  const {
    failed,
    exitCode,
    code,
    stderr,
    signal: killedBy,
  } = await spawnSealed(['ignore', 'ignore', 'pipe'], (stdio) =>
    execa(command, [...words, ...convert], {
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
  throw new Error(`qemu-img convert ${how}: ${stderr.trim().slice(-2_000)}`)
}
