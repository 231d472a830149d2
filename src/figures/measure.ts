import { open } from 'node:fs/promises'

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2
}

/** `median (least to most)`, with digits after the point. */
export function spread(values: readonly number[], digits = 2): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return `${median(values).toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

/** Waits until a file that grows contains a text, looking every 2 ms; milliseconds since `start`. Throws after `patience`. */
export async function untilFileShows(path: string, text: string, start: number, patience = 120_000): Promise<number> {
  let seen = ''
  let position = 0
  for (;;) {
    const file = await open(path, 'r').catch(() => undefined)
    if (file) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536), 0, 65_536, position)
      await file.close()
      position += bytesRead
      seen = (seen + buffer.toString('latin1', 0, bytesRead)).slice(-131_072)
      if (seen.includes(text)) return performance.now() - start
    }
    if (performance.now() - start > patience) throw new Error(`${path} does not show ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
