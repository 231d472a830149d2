import { execa } from 'execa'
import { spawnSealed } from '../state/spawn-sealed.ts'
import type { DiskLayer } from './layer.ts'

/** What a piece of work with qemu-img may take. */
export interface QemuImgWork {
  /** Of the disk, as a guest sees it. */
  bytes: number
  /** How fast it has to be at least, in MiB of the disk a second of the processor, with a minute on top. */
  pace: number
  /** How much larger than the disk its file may be: for tables, and for data that does not compress. */
  growth: number
  /** Bytes that its file may have at most, however large the disk is. */
  room?: number | undefined
  /** What cannot be done without qemu-img, to be told: `snapshots`. */
  purpose: string
  signal?: AbortSignal | undefined
}

/** qemu-img ended, and not as it should. */
export class QemuImgFailed extends Error {
  override readonly name = 'QemuImgFailed'
  /** `ended with status 1`. */
  readonly how: string
  /** Undefined when it did not end by itself. */
  readonly status: number | undefined
  /** All that it said, with the paths of the files. */
  readonly said: string

  constructor(command: string, { how, status, said }: Pick<QemuImgFailed, 'how' | 'status' | 'said'>) {
    super(`qemu-img ${command} ${how}: ${said.slice(-2_000)}`)
    this.how = how
    this.status = status
    this.said = said
  }
}

/** A chain as QEMU takes it, every driver and backing file stated, so that nothing is probed or taken from a header. */
export function layerNode(layer: DiskLayer): object {
  const file = { driver: 'file', filename: layer.file }
  if (layer.format === 'raw') return { driver: 'raw', file }
  return { driver: 'qcow2', file, backing: layer.backing && layerNode(layer.backing) }
}

/** A disk as an argument of qemu-img, from the node that it is read by. */
export const nodeArgument = (node: object): string => `json:${JSON.stringify(node)}`

/** A chain as an argument of qemu-img. */
export const imageArgument = (layer: DiskLayer): string => nodeArgument(layerNode(layer))

/**
 * What the command runs under. On Linux it dies with us, gains no privileges and has limits of time, address space (4 GiB)
 * and file size. It yields to guests and to requests.
 */
function confinement({ bytes, pace, growth, room = Number.MAX_SAFE_INTEGER }: QemuImgWork): string[] {
  const yielding = ['nice', '-n', '10']
  if (process.platform !== 'linux') return yielding
  const seconds = 60 + Math.ceil(bytes / (pace * 2 ** 20))
  const fileBytes = Math.min(room, Math.ceil(bytes * growth) + 16 * 2 ** 20)
  const limits = [`--cpu=${seconds}`, `--as=${4 * 2 ** 30}`, `--fsize=${fileBytes}`, '--core=0']
  return ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', 'prlimit', ...limits, '--', ...yielding]
}

/**
 * Runs qemu-img within the limits of its work. Rejects with QemuImgFailed, with what to install when there is none, and with
 * the signal's reason, its process ended, when that is aborted.
 */
export async function runQemuImg(args: readonly string[], work: QemuImgWork): Promise<void> {
  const { purpose, signal } = work
  const [command = 'nice', ...words] = confinement(work)
  const result = await spawnSealed(['ignore', 'ignore', 'pipe'], (stdio) =>
    execa(command, [...words, 'qemu-img', ...args], {
      ...(signal && { cancelSignal: signal }),
      stdio,
      // Of a damaged file it may have more to say than anybody reads.
      maxBuffer: { stderr: 2 ** 20 },
      reject: false,
      extendEnv: false,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    }),
  )
  signal?.throwIfAborted()
  if (!result.failed) return
  const { exitCode, code, stderr, signal: killedBy } = result
  if (exitCode === 127 || code === 'ENOENT') {
    throw new Error(
      `${purpose} need qemu-img: type "apt-get install qemu-utils" (Debian, Ubuntu), "dnf install qemu-img" (Fedora) or ` +
        `"brew install qemu" (macOS) (${stderr || code})`,
    )
  }
  const how = killedBy ? `was ended by ${killedBy}` : `ended with status ${exitCode}`
  throw new QemuImgFailed(args[0] ?? '', { how, status: exitCode, said: stderr.trim() })
}
