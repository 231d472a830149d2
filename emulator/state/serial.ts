/** Runs jobs of the same key one after the other, in the order in which they came; other keys are not held up. */
export interface Serial {
  run<Result>(key: string, job: () => Promise<Result>): Promise<Result>
}

/** Makes a queue for each key; an empty one takes no memory. */
export function serial(): Serial {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(key, job) {
      const before = tails.get(key) ?? Promise.resolve()
      const result = before.then(job, job)
      const tail = result
        .catch(() => undefined)
        .finally(() => {
          if (tails.get(key) === tail) tails.delete(key)
        })
      tails.set(key, tail)
      return result
    },
  }
}

/** Lets at most `limit` jobs run at the same time; the others wait in order. */
export function limited(limit: number): <Result>(job: () => Promise<Result>) => Promise<Result> {
  let free = limit
  const waiting: (() => void)[] = []
  return async (job) => {
    if (free > 0) free -= 1
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await job()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
