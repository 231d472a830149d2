import { type Emulator, startEmulator } from '../index.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { programName } from './program-name.ts'
import { shellWord } from './quoting.ts'
import { whyStandIn } from './stand-in.ts'

/** What `start` is made of. Tests put in an emulator of their own, and an end that is none. */
export interface StartParts {
  readonly open: typeof startEmulator
  /** Ends this process at once, by the signal that it was told to end with. */
  readonly end: (name: NodeJS.Signals) => void
}

/** Not by `process.exit`, which waits for a call of the system that does not return. */
function endBySignal(name: NodeJS.Signals): void {
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}

/** Told to stop, by the signals that say so. */
interface Stop {
  /** Resolves when it was told the first time. */
  readonly told: Promise<void>
  /** Aborted when it was told again. */
  readonly hurry: AbortSignal
  /** From now on there is an emulator, which is stopped; before, the process ends when it does not come about. */
  opened(): void
  /** Listens no more. */
  close(): void
}

function listenForStop(grace: number, end: StartParts['end']): Stop {
  const [first, again] = [new AbortController(), new AbortController()]
  let isOpen = false
  let patience: NodeJS.Timeout | undefined
  const stop = (name: NodeJS.Signals) => {
    if (!first.signal.aborted) {
      console.log(`stopping: guests have ${grace / 1000} s to shut down; once more ends them now`)
      if (!isOpen) patience = setTimeout(() => end(name), grace)
      return first.abort()
    }
    return isOpen ? again.abort() : end(name)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const name of signals) process.on(name, stop)
  return {
    told: new Promise((resolve) => first.signal.addEventListener('abort', () => resolve())),
    hurry: again.signal,
    opened() {
      isOpen = true
      clearTimeout(patience)
    },
    close() {
      clearTimeout(patience)
      for (const name of signals) process.off(name, stop)
    },
  }
}

/** Milliseconds for which lines of the log wait for others. */
const logged = 20

/**
 * Prints the lines of a moment at once: under load each by itself costs as much as a signature. None is lost when the
 * process exits.
 */
function lineLog(): (line: string) => void {
  let waiting = ''
  const print = () => {
    if (waiting !== '') process.stdout.write(waiting)
    waiting = ''
  }
  process.on('exit', print)
  return (line) => {
    if (waiting === '') setTimeout(print, logged)
    waiting += `${line}\n`
  }
}

/**
 * Runs an emulator until it is told to stop: once gently, so that guests shut down, twice at once. While it is still
 * opening, once ends it when it is open or when the guests' time to shut down has passed, whichever is first.
 */
export async function start(
  settings: Settings,
  { open, end }: StartParts = { open: startEmulator, end: endBySignal },
): Promise<void> {
  // A log that nobody reads any more (`start | head`) is no reason to take the host down.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  const log = lineLog()
  const stop = listenForStop(settings.stopGrace, end)
  try {
    const emulator = await open({
      ...settings,
      onRequest: ({ what, status, milliseconds, requestId }) =>
        log(`${new Date().toISOString()} ${what} ${status} ${milliseconds.toFixed(0)} ms ${requestId}`),
    })
    stop.opened()
    for (const line of banner(emulator, settings)) console.log(line)
    console.log(`euca-emu ${version} is ready at ${emulator.url}`)
    await stop.told
    await emulator.stop(stop.hurry)
    console.log('stopped')
  } finally {
    stop.close()
  }
}

/** What a person needs to go on: the images that can be run, and how clients are pointed here. */
export function banner(
  { images, publicAddresses, authority }: Pick<Emulator, 'images' | 'publicAddresses' | 'authority'>,
  settings: Pick<Settings, 'data' | 'host' | 'ephemeral' | 'temporary'>,
  program = programName(),
): string[] {
  const data = settings.data === `${process.cwd()}/.euca-emu` ? '' : ` --data ${shellWord(settings.data)}`
  const none = `no images yet: "${program} fixtures build" makes the starter images for the next start, "${program} image add" takes yours`
  return [
    ...(publicAddresses
      ? [
          ...(images.length ? images.map(({ id, name }) => `image ${id}  ${name}`) : [none]),
          ...addressLines(publicAddresses, program),
        ]
      : ['Object Storage alone: no images, no instances']),
    ...(settings.ephemeral ? [ephemeralLine(settings)] : []),
    ...(authority === undefined ? [] : [`TLS: clients trust AWS_CA_BUNDLE=${authority}`]),
    `clients: eval "$(${program} env${data})"`,
    ...(/^(127\.|localhost$|::1$)/.test(settings.host)
      ? []
      : [`warning: listening on ${settings.host}, beyond this machine`]),
  ]
}

/** What becomes of the data of a cloud that syncs nothing. */
function ephemeralLine({ data, temporary }: Pick<Settings, 'data' | 'temporary'>): string {
  const end = temporary ? 'is removed at the end' : 'stays'
  return `ephemeral: nothing is synced to disk, a power cut loses what was answered; ${data} ${end}`
}

/** Where instances are reached; ports that cannot be had at their own address have a stand-in that `ssh` knows. */
function addressLines({ network, standIns }: NonNullable<Emulator['publicAddresses']>, program: string): string[] {
  const lines = [`public addresses: ${network}`]
  for (const { port, reason } of standIns) {
    lines.push(
      `  port ${port} is stood in for by a high port of 127.0.0.1 (${whyStandIn(reason)}): ${program} ssh ID finds it`,
    )
  }
  return lines
}
