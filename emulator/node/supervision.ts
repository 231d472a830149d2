import { open } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { isMainThread } from 'node:worker_threads'
import { execa } from 'execa'
import { fileTail } from './file-tail.ts'

/**
 * How a child dies with us, even when we are killed: the kernel signals it (Linux with util-linux's setpriv; the child
 * keeps the pid), or a shell beside it reads a pipe that only we hold open.
 */
export type Supervision = 'parent-death-signal' | 'watchdog'

/** A running child. Its process group is its own, so a Ctrl-C in our terminal reaches us alone. */
export interface Child {
  readonly pid: number
  /** The two-way connection on the child's descriptor 3. To be listened to at once: when the child exits it is closed. */
  readonly channel: Duplex
  /** Resolves when the process is gone and reaped: `status 0`, `signal SIGKILL`. Never rejects. */
  readonly exited: Promise<{ status: number | undefined; detail: string }>
  /** The last 2,000 bytes of what it has written to its log, trimmed. */
  output(): Promise<string>
  /** Kills its process group at once; does nothing when it is gone. */
  kill(): void
}

// Descriptor 4 of the shell is our pipe. Whoever of the two waits first, child or reader, makes an end of the other.
const watchdog = `exec 4<&0
"$@" </dev/null 4<&- & child=$!
exec 3<&-
(read -r _ <&4; kill -9 $child) & reader=$!
wait $child; status=$?
kill $reader
exit $status`

/** Finds out which supervision this host has: not every setpriv knows the signal, so it is tried. */
export async function findSupervision(): Promise<Supervision> {
  if (process.platform !== 'linux') return 'watchdog'
  const tried = await execa('setpriv', ['--pdeathsig', 'KILL', 'true'], { reject: false, stdio: 'ignore' })
  return tried.exitCode === 0 ? 'parent-death-signal' : 'watchdog'
}

/** The command that runs `file` with `args` under `supervision`. */
export function supervised(supervision: Supervision, file: string, args: readonly string[]): [string, string[]] {
  if (supervision === 'watchdog') return ['sh', ['-c', watchdog, 'sh', file, ...args]]
  return ['setpriv', ['--pdeathsig', 'KILL', file, ...args]]
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

/**
 * Spawns `file` with nothing of our environment but PATH; what it prints is appended to `logFile`. Rejects when the
 * process cannot be made, or off the main thread: the signal fires when the spawning thread ends.
 */
export async function spawnSupervised(
  supervision: Supervision,
  file: string,
  args: readonly string[],
  logFile: string,
): Promise<Child> {
  if (!isMainThread) throw new Error('a guest can be started on the main thread only: it would end with the thread')
  const [command, wrapped] = supervised(supervision, file, args)
  const log = await open(logFile, 'a', 0o600)
  const { size } = await log.stat()
  // execa takes any descriptor, its types only those below 10.
  const output = log.fd as 9
  const running = execa(command, wrapped, {
    stdio: [supervision === 'watchdog' ? 'pipe' : 'ignore', output, output, 'pipe'],
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '' },
  })
  const closing = log.close()
  const { pid } = running
  const channel = running.stdio[3] as unknown as Duplex | null
  if (pid === undefined || !channel) {
    await closing
    throw new Error(`${command} cannot be started`, { cause: await running })
  }
  let isGone = false
  running.once('exit', () => {
    isGone = true
  })
  const exited = Promise.all([running, closing]).then(([{ exitCode, signal }]) => ({
    status: exitCode,
    detail: signal ? `signal ${signal}` : `status ${exitCode}`,
  }))
  return {
    pid,
    channel,
    exited,
    output: async () => (await fileTail(logFile, 2_000, size)).toString('utf8').trim(),
    kill: () => {
      if (!isGone) killGroup(pid)
    },
  }
}
