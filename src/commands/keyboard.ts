import { CommandFailed } from './data-folder.ts'

/** Ctrl-], which leaves a console as it leaves those of virsh and telnet. */
const leaving = 0x1d

/** The one who types has had enough. */
export class Left extends Error {
  override readonly name = 'Left'
}

/**
 * Hands each key of a terminal, Ctrl-C included, to `type`, one piece after the other. `over` is called once: with `Left` at
 * Ctrl-], or with what went wrong. What a machine that is just off refuses is lost, as on any machine. Returns what gives
 * the terminal back.
 */
export function typeAlong(
  input: NodeJS.ReadStream,
  type: (keys: Buffer) => Promise<unknown>,
  over: (reason: Error) => void,
): () => void {
  let typed: Promise<unknown> = Promise.resolve()
  const send = (keys: Buffer) => {
    if (!keys.length) return
    typed = typed
      .then(() => type(keys))
      .catch((error) => {
        if (!(error instanceof CommandFailed)) over(error)
      })
  }
  const take = (keys: Buffer) => {
    const end = keys.indexOf(leaving)
    send(end < 0 ? keys : keys.subarray(0, end))
    if (end >= 0) void typed.then(() => over(new Left()))
  }
  input.setRawMode(true)
  input.on('data', take)
  return () => {
    input.off('data', take)
    input.setRawMode(false)
    input.pause()
  }
}
