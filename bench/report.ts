import { median } from '../src/figures/measure.ts'
import type { Burst } from './load.ts'
import type { Workload } from './workloads.ts'

/** What one server did in one round. */
export interface Sample extends Burst {
  readonly workload: string
  readonly serverName: string
  readonly round: number
}

/** What all rounds of a server in a workload came to. */
export interface Cell {
  readonly workload: string
  readonly unit: Workload['unit']
  readonly server: string
  /** Of each round. */
  readonly rates: readonly number[]
  readonly rate: number
  /** Median of the processor time of the server and of the client, as shares of one core. */
  readonly serverLoad: number
  readonly clientLoad: number
  /** Medians of the ratios of each round to the other servers. */
  readonly ratios: Readonly<Record<string, number>>
}

const rateOf = ({ unit }: Workload, { steps, bytes, seconds }: Burst) =>
  (unit === 'MB/s' ? bytes / 1e6 : steps) / seconds

/** Medians and ratios. A ratio is taken within a round, where both had the same machine. */
export function cells(workloads: readonly Workload[], servers: readonly string[], samples: readonly Sample[]): Cell[] {
  return workloads.flatMap((workload) => {
    const of = (server: string) => samples.filter((one) => one.workload === workload.name && one.serverName === server)
    return servers.flatMap((server): Cell[] => {
      const own = of(server)
      if (own.length === 0) return []
      const rates = own.map((sample) => rateOf(workload, sample))
      const ratios = servers.flatMap((other): [string, number][] => {
        const theirs = of(other)
        if (other === server || theirs.length !== own.length) return []
        return [[other, median(rates.map((rate, round) => rate / rateOf(workload, theirs[round] as Sample)))]]
      })
      return [
        {
          workload: workload.name,
          unit: workload.unit,
          server,
          rates,
          rate: median(rates),
          serverLoad: median(own.map((sample) => sample.server)),
          clientLoad: median(own.map((sample) => sample.client)),
          ratios: Object.fromEntries(ratios),
        },
      ]
    })
  })
}

/** The cells as a table in Markdown: rate, and the load of server and client in percent of a core. */
export function table(all: readonly Cell[], servers: readonly string[]): string {
  const names = [...new Set(all.map(({ workload }) => workload))]
  const text = (workload: string, server: string) => {
    const cell = all.find((one) => one.workload === workload && one.server === server)
    // It takes no part, or has failed, which is told below.
    if (!cell) return '–'
    const percent = (share: number) => Math.round(share * 100)
    const rate = cell.rate.toLocaleString('en', { maximumFractionDigits: cell.rate < 100 ? 1 : 0 })
    return `${rate} (${percent(cell.serverLoad)}/${percent(cell.clientLoad)})`
  }
  const unit = (workload: string) => all.find((one) => one.workload === workload)?.unit
  const rows = names.map((name) => [`${name} (${unit(name)})`, ...servers.map((server) => text(name, server))])
  const lines = [['', ...servers], ['---', ...servers.map(() => '---:')], ...rows]
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
}
