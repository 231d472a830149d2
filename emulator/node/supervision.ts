import { type FileHandle, open } from 'node:fs/promises'
import type { Duplex, Writable } from 'node:stream'
import { isMainThread } from 'node:worker_threads'
import { execa } from 'execa'
import { spawnSealed } from '../state/spawn-sealed.ts'
import { fileTail } from './file-tail.ts'

/**
 * How a child dies with us, even when we are killed: the kernel signals it (Linux with util-linux's setpriv; the child
 * keeps the pid, and has no capabilities though we are root), or a shell beside it reads a pipe that only we hold open.
 */
export type Supervision = 'parent-death-signal' | 'watchdog'

/** A running child. Its process group is its own, so a Ctrl-C in our terminal reaches us alone. */
export interface Child {
  readonly pid: number
  /** The child's standard input. */
  readonly input: Writable
  /** The two-way connection on the child's descriptor 3. To be read at once: what nobody listens for is dropped. */
  readonly channel: Duplex
  /** That on descriptor 4, where it was asked for; closes as soon as the child exits. To be read at once as well. */
  readonly secondChannel: Duplex | undefined
  /** Resolves when the process is gone and reaped: `status 0`, `signal SIGKILL`. Never rejects. */
  readonly exited: Promise<{ status: number | undefined; detail: string }>
  /** The last 2,000 bytes of its log that it has written, trimmed. */
  output(): Promise<string>
  /** Kills its process group at once; does nothing when it is gone. */
  kill(): void
}

/** What a child is started with, beside its arguments. */
export interface ChildFiles {
  /** The folder that it runs in; by default ours. */
  folder?: string
  /** File to which its errors are appended, and its output where that has no file of its own. */
  log: string
  /** File to which its output is appended. */
  output?: string
  /** True: it gets a second connection. */
  secondChannel?: boolean
}

// Descriptor 5 of the shell is our pipe; 0, 3 and 4 are for the child alone. Whoever of the two waits first, child or reader, makes an end of the other.
const watchdog = `exec 8<&0
"$@" <&8 8<&- 5<&- & child=$!
exec </dev/null 8<&- 3<&- 4<&-
(read -r _ <&5; kill -9 $child) >/dev/null & reader=$!
wait $child; status=$?
kill $reader
exit $status`

/** Descriptor 5: only the shell has use for it. */
const reader = { watchdog: 'pipe', 'parent-death-signal': 'ignore' } as const

/**
 * Leaves a child no capabilities: not those that we were given, nor those that every program of root gets. Only root has
 * some, and may empty the set that the latter come from.
 */
const withoutCapabilities = ['--inh-caps=-all', ...(process.getuid?.() === 0 ? ['--bounding-set=-all'] : [])]

/**
 * Finds out which supervision this host has for children that use files in `folder`. It is tried: not every setpriv knows
 * the signal, not every container's root may empty its sets, and a root without capabilities cannot enter a folder that
 * another user has closed to others.
 */
export async function findSupervision(folder = '/'): Promise<Supervision> {
  if (process.platform !== 'linux') return 'watchdog'
  const [command, args] = supervised('parent-death-signal', 'sh', ['-c', 'cd "$1"', 'sh', folder])
  const tried = await spawnSealed(['ignore', 'ignore', 'ignore'], (stdio) =>
    execa(command, args, { reject: false, stdio }),
  )
  return tried.exitCode === 0 ? 'parent-death-signal' : 'watchdog'
}

/** The command that runs `file` with `args` under `supervision`. */
export function supervised(supervision: Supervision, file: string, args: readonly string[]): [string, string[]] {
  if (supervision === 'watchdog') return ['sh', ['-c', watchdog, 'sh', file, ...args]]
  return ['setpriv', ['--pdeathsig', 'KILL', ...withoutCapabilities, file, ...args]]
}

/** Closes a file before an error goes on. */
const closing = (handle: FileHandle) => async (error: unknown) => {
  await handle.close()
  throw error
}

/** Kills a process group that may be gone already. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch (error) {
    // Exited, though we have not been told yet; macOS says EPERM when the group's last process waits to be reaped.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Runs `spawn` with this file mode mask, which a child keeps: what it makes, such as the socket of its screen, is its owner's alone. */
function withMask<T>(mask: number, spawn: () => T): T {
  const ours = process.umask(mask)
  try {
    return spawn()
  } finally {
    process.umask(ours)
  }
}

/**
 * Spawns `file` with nothing of our environment but PATH. Rejects when the process cannot be made, or off the main thread:
 * the signal fires when the spawning thread ends.
 */
export async function spawnSupervised(
  supervision: Supervision,
  file: string,
  args: readonly string[],
  files: ChildFiles,
): Promise<Child> {
  if (!isMainThread) throw new Error('a guest can be started on the main thread only: it would end with the thread')
  const [command, wrapped] = supervised(supervision, file, args)
  const log = await open(files.log, 'a', 0o600)
  const { size } = await log.stat()
  const output = await (files.output === undefined ? log : open(files.output, 'a', 0o600).catch(closing(log)))
  const second = files.secondChannel ? 'pipe' : 'ignore'
  // execa takes any descriptor, its types only those below 10.
  const own = ['pipe', output.fd as 9, log.fd as 9, 'pipe', second, reader[supervision]] as const
  const running = spawnSealed(own, (stdio) =>
    withMask(0o077, () =>
      execa(command, wrapped, {
        stdio,
        buffer: false,
        reject: false,
        detached: true,
        cleanup: false,
        ...(files.folder !== undefined && { cwd: files.folder }),
        extendEnv: false,
        env: { PATH: process.env['PATH'] ?? '' },
      }),
    ),
  )
  const closed = Promise.all([...new Set([log, output])].map((handle) => handle.close()))
  const { pid, stdin } = running
  const [channel, secondChannel] = running.stdio.slice(3) as unknown as (Duplex | null)[]
  if (pid === undefined || !channel) {
    await closed
    throw new Error(`${command} cannot be started`, { cause: await running })
  }
  let isGone = false
  running.once('exit', () => {
    isGone = true
    secondChannel?.destroy()
  })
  const exited = Promise.all([running, closed]).then(([{ exitCode, signal }]) => ({
    status: exitCode,
    detail: signal ? `signal ${signal}` : `status ${exitCode}`,
  }))
  return {
    pid,
    channel,
    secondChannel: secondChannel ?? undefined,
    input: stdin,
    exited,
    output: async () => (await fileTail(files.log, 2_000, size)).toString('utf8').trim(),
    kill: () => {
      if (!isGone) killGroup(pid)
    },
  }
}
