/** A person ended a command before its end: status 130, as for a program that SIGINT ended. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor() {
    super('interrupted')
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Gives work a signal that Ctrl-C and its like abort, so that it can clear up; another one ends the program at
 * once. Resolves and rejects as the work does.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const told = new AbortController()
  const deaf = () => {
    for (const name of signals) process.off(name, stop)
  }
  const stop = () => {
    deaf()
    told.abort(new Interrupted())
  }
  for (const name of signals) process.on(name, stop)
  // The work may wait for what does not keep a program alive, such as a machine.
  const awake = setInterval(() => undefined, 2 ** 30)
  try {
    return await work(told.signal)
  } finally {
    clearInterval(awake)
    deaf()
  }
}
