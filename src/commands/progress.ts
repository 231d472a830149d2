/** A line that moves on a terminal; elsewhere one line for each tenth, so that a log stays readable. */
export function progressBar(
  label: string,
  out: NodeJS.WriteStream = process.stderr,
): { update(done: number, total: number): void; finish(): void } {
  let lastTenth = -1
  const show = (done: number, total: number) => {
    const share = total > 0 ? Math.min(1, done / total) : 1
    const tenth = Math.floor(share * 10)
    const mebibytes = `${(done / 2 ** 20).toFixed(0)}/${(total / 2 ** 20).toFixed(0)} MiB`
    if (out.isTTY) {
      const filled = Math.round(share * 30)
      out.write(`\r${label} [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${mebibytes} `)
    } else if (tenth > lastTenth) {
      out.write(`${label} ${tenth * 10} % ${mebibytes}\n`)
    }
    lastTenth = tenth
  }
  return {
    update: show,
    finish: () => {
      if (out.isTTY && lastTenth >= 0) out.write('\n')
    },
  }
}
