import { type Emulator, startEmulator } from '../index.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'

/** Runs an emulator until it is told to stop: once gently, so that guests shut down, twice at once. */
export async function start(settings: Settings): Promise<void> {
  const hurry = new AbortController()
  let told = 0
  let stopped: (() => void) | undefined
  const stopping = new Promise<void>((resolve) => {
    stopped = resolve
  })
  const stop = () => {
    told += 1
    if (told === 1)
      console.log(`stopping: guests have ${settings.stopGrace / 1000} s to shut down; once more ends them now`)
    else hurry.abort()
    stopped?.()
  }
  // A log that nobody reads any more (`start | head`) is no reason to take the host down.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const emulator = await startEmulator({
    ...settings,
    onRequest: ({ what, status, milliseconds, requestId }) =>
      console.log(`${new Date().toISOString()} ${what} ${status} ${milliseconds.toFixed(0)} ms ${requestId}`),
  })
  for (const line of banner(emulator, settings)) console.log(line)
  console.log(`euca-emu ${version} is ready at ${emulator.url}`)
  await stopping
  await emulator.stop(hurry.signal)
  console.log('stopped')
}

/** What a person needs to go on: the images that can be run, and how clients are pointed here. */
export function banner(
  { images, publicAddresses }: Pick<Emulator, 'images' | 'publicAddresses'>,
  settings: Pick<Settings, 'data' | 'host'>,
): string[] {
  const data = settings.data === `${process.cwd()}/.euca-emu` ? '' : ` --data '${settings.data}'`
  return [
    ...(images.length
      ? images.map(({ id, name }) => `image ${id}  ${name}`)
      : [
          'no images yet: "euca-emu fixtures build" makes the starter images for the next start, "euca-emu image add" takes yours',
        ]),
    ...addressLines(publicAddresses),
    `clients: eval "$(euca-emu env${data})"`,
    ...(/^(127\.|localhost$|::1$)/.test(settings.host)
      ? []
      : [`warning: listening on ${settings.host}, beyond this machine`]),
  ]
}

const reasons: Record<string, string> = {
  EACCES: 'no right to listen there',
  EADDRINUSE: 'another program listens on that port of all addresses',
  EADDRNOTAVAIL: 'this host has 127.0.0.1 alone',
}

/** Where instances are reached; ports that cannot be had at their own address have a stand-in that `ssh` knows. */
function addressLines({ network, standIns }: Emulator['publicAddresses']): string[] {
  const lines = [`public addresses: ${network}`]
  for (const { port, reason } of standIns) {
    lines.push(
      `  port ${port} is stood in for by a high port of 127.0.0.1 (${reasons[reason] ?? reason}): euca-emu ssh ID finds it`,
    )
  }
  return lines
}
