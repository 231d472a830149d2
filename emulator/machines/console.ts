import type { Typed } from '../cloud.ts'
import { consoleTailBytes } from '../node/console.ts'
import { consoleKeptBytes } from '../node/console-bound.ts'
import { ConsoleReader } from '../node/console-reader.ts'
import type { Host } from './host.ts'

/** How long a reader waits for more, in ms: less than a person who types would notice. */
const pause = 40

/**
 * What the guest of an instance writes on its serial console: so far, the last 16 MiB of it, or, `live`, the last 64 KiB and what
 * follows, over reboots, until the instance has ended or stopped or `signal` is aborted.
 */
export async function* followConsole(host: Host, id: string, live: boolean, signal: AbortSignal) {
  const { cloud } = host
  const reader = new ConsoleReader(cloud.files.machine(id).console, live ? consoleTailBytes : consoleKeptBytes)
  try {
    while (!signal.aborted) {
      // Looked at before the last look at the console, so that nothing that was written before is missed.
      const state = cloud.instances.get(id)?.state
      const isOver = !live || state === undefined || state === 'terminated' || state === 'stopped'
      const piece = await reader.next()
      if (piece.length) yield piece
      else if (isOver) return
      // That nobody waits any more, the loop sees.
      else await cloud.clock.sleep(pause, signal).catch(() => undefined)
    }
  } finally {
    await reader.close()
  }
}

/** Types on the serial console of an instance, unless it is off, or what was typed before has not been read yet. */
export function typeOnConsole(host: Host, id: string, bytes: Uint8Array): Typed {
  const serial = host.running.get(id)?.machine.serial
  if (!serial?.writable) return 'off'
  if (serial.writableNeedDrain) return 'full'
  serial.write(bytes)
  return 'typed'
}
