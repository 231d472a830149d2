import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The compiled program, as a user runs it: what is asserted of processes is asserted of these. */
export const program: string = fileURLToPath(new URL('../dist/src/cli.js', import.meta.url))

/** Seconds that a guest under software emulation, or a start, may take on a busy machine of two cores. */
export const patience = 180

/** Waits until `probe` gives something; says what it was waiting for when it never does. */
export async function until<Found>(
  what: string,
  probe: () => Promise<Found | undefined>,
  seconds = patience,
): Promise<Found> {
  const deadline = performance.now() + seconds * 1000
  for (let pause = 10; ; pause = Math.min(500, pause * 1.5)) {
    const found = await probe()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

/** A started emulator in a process of its own. */
export interface Program {
  readonly url: string
  readonly pid: number
  readonly output: () => string
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>
  signal(name: NodeJS.Signals): void
}

/** Starts the compiled program on a data folder and a free port, and waits for its ready line. */
export async function startProgram(data: string, ...flags: string[]): Promise<Program> {
  if (!existsSync(program)) throw new Error(`${program} is not there: run "npm run build"`)
  const child = spawn(process.execPath, [program, 'start', '--port', '0', '--data', data, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (text += piece))
  let ended = false
  const exited = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => {
      ended = true
      resolve(code ?? signal ?? 'unknown')
    }),
  )
  const url = await until('the ready line', async () => {
    if (ended) throw new Error(`the program ended:\n${text}`)
    return /ready at (http:\S+)/.exec(text)?.[1]
  })
  return { url, pid: child.pid ?? 0, output: () => text, exited, signal: (name) => child.kill(name) }
}

/** The processes of real QEMUs that have a text in their command line, such as the path of a data folder. */
export async function qemusWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process that has ended meanwhile has no command line.
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return /qemu-system-x86_64/.test(line.split('\0')[0] ?? '') && line.includes(text) ? [Number(pid)] : []
    }),
  )
  return found.flat()
}
