/** A number of bytes for a person: in the largest unit of which there is one. */
export function sizeText(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} bytes`
  return bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(0)} KiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`
}

/** A line that moves on a terminal; elsewhere one line when the work begins, so that a log stays readable. */
export function progressBar(
  label: string,
  out: NodeJS.WriteStream = process.stderr,
): { update(done: number, total: number): void; finish(): void } {
  let begun = false
  const show = (done: number, total: number) => {
    if (out.isTTY) {
      const filled = Math.round((total > 0 ? Math.min(1, done / total) : 1) * 30)
      out.write(`\r${label} [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${sizeText(done)} of ${sizeText(total)} `)
    } else if (!begun) {
      out.write(`${label}: ${sizeText(total)}\n`)
    }
    begun = true
  }
  return {
    update: show,
    finish: () => {
      if (out.isTTY && begun) out.write('\n')
    },
  }
}
