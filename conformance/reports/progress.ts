import type { Result } from '../run.ts'

/** Where progress is shown: a terminal, or whatever takes lines. */
export type Screen = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }

/** Shows how a run goes on. */
export interface Progress {
  started(id: string): void
  finished(result: Pick<Result, 'id' | 'verdict'>): void
  /** Prints a line that stays. */
  line(text: string): void
  /** Takes away the line that moves, so that what follows begins on an empty one. */
  end(): void
}

/** Longer terminals than this get no longer line. */
const usualColumns = 80

/**
 * Lines that stay and, on a terminal, below them one that tells the counts and which cases run. Elsewhere a log gets the
 * lines and nothing else. `total` is the number of cases.
 */
export function showProgress(total: number, screen: Screen): Progress {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const running = new Set<string>()
  const draw = () => {
    if (!screen.isTTY) return
    const { passed, failed, skipped } = counts
    const done = `${passed + failed + skipped} of ${total}: ${passed} passed, ${failed} failed, ${skipped} skipped`
    const line = running.size ? `${done}; ${[...running].join(', ')}` : done
    screen.write(`\r\u001b[K${line.slice(0, (screen.columns ?? usualColumns) - 1)}`)
  }
  const clear = () => void (screen.isTTY && screen.write('\r\u001b[K'))
  return {
    started: (id) => {
      running.add(id)
      draw()
    },
    finished: ({ id, verdict }) => {
      running.delete(id)
      counts[verdict] += 1
      draw()
    },
    line: (text) => {
      clear()
      screen.write(`${text}\n`)
      draw()
    },
    end: clear,
  }
}
