import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { adminStream } from './admin-stream.ts'
import { adminCall, CommandFailed, type DataFolder } from './data-folder.ts'
import { Left, typeAlong } from './keyboard.ts'

/** What `console` is told. */
export interface ConsoleToShow {
  readonly instance: string
  /** True: it stays until the instance ends, and on a terminal what is typed goes to the guest. */
  readonly follow: boolean
  readonly signal: AbortSignal
}

/** Where the console is shown, and typed on. */
export interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: Writable & { readonly isTTY?: boolean }
  /** For what is said about the console, so that the output is the guest's alone. */
  readonly notes: Writable
}

/**
 * Shows the serial console of an instance. Resolves when all of it is shown or, followed, when the instance has ended or
 * stopped, or the one who types has had enough. Throws CommandFailed when there is no such instance.
 */
export async function showConsole(
  folder: DataFolder,
  { instance, follow, signal }: ConsoleToShow,
  { input, output, notes }: Terminal,
): Promise<void> {
  const page = `instances/${encodeURIComponent(instance)}`
  const enough = new AbortController()
  const either = AbortSignal.any([signal, enough.signal])
  const answer = await adminStream(folder, { path: `${page}/console${follow ? '?live' : ''}`, signal: either })
  const isInteractive = follow && input.isTTY && output.isTTY === true
  if (isInteractive) notes.write(`Connected to the serial console of ${instance}; Ctrl-] leaves it.\r\n`)
  const type = async (body: Buffer) => (await adminStream(folder, { path: `${page}/console`, body })).resume()
  const letGo = isInteractive ? typeAlong(input, type, (failed) => enough.abort(failed)) : undefined
  try {
    await pipeline(answer, output, { end: false, signal: either })
  } catch (error) {
    explainEnd(error, either)
    return
  } finally {
    letGo?.()
  }
  if (follow) notes.write(`${await stateOf(folder, page)}\n`)
}

/** Throws what ended the command, unless somebody wanted it so: who typed, or who reads its output. */
function explainEnd(error: unknown, signal: AbortSignal): void {
  if (signal.reason instanceof Left) return
  signal.throwIfAborted()
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EPIPE') return
  if (code === 'ECONNRESET') throw new CommandFailed('the emulator has stopped', { cause: error })
  throw error
}

async function stateOf(folder: DataFolder, page: string): Promise<string> {
  const { id, state } = await adminCall<{ id: string; state: string }>(folder, page)
  return `${id} is ${state}: its console has ended.`
}
