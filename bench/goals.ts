import type { Cell } from './report.ts'

/** The least ratio that a server of ours is to have to the best of some peers. */
export interface Goal {
  /** The beginning of the workload's name. */
  readonly workload: string
  readonly server: 'euca-emu' | 'euca-emu-ephemeral'
  readonly against: readonly string[]
  readonly least: number
}

const durable = { server: 'euca-emu', against: ['minio'] } as const
const ephemeral = { server: 'euca-emu-ephemeral', against: ['versitygw'] } as const
/** Against the better of both, in the mode that does as little for durability as the better one may. */
const both = { server: 'euca-emu', against: ['minio', 'versitygw'] } as const

/** What is aimed at: like for like, durable against the peer that syncs each PUT, ephemeral against the one that does not. */
export const goals: readonly Goal[] = [
  { workload: 'PUT 1 KiB, 16', ...durable, least: 6 },
  { workload: 'PUT 1 KiB, 16', ...ephemeral, least: 4 },
  { workload: 'PUT 1 KiB, 1 ', ...durable, least: 2 },
  { workload: 'PUT 1 KiB, 1 ', ...ephemeral, least: 3 },
  { workload: 'GET 1 KiB', ...both, least: 2.5 },
  { workload: 'HEAD', ...both, least: 2.5 },
  { workload: 'DELETE', ...both, least: 2 },
  { workload: 'PUT 64 MiB, 1 ', ...both, least: 1 },
  { workload: 'multipart 64 MiB, 1 ', ...both, least: 1 },
  { workload: 'PUT 64 MiB, 4 ', ...both, least: 0.8 },
  { workload: 'multipart 64 MiB, 4 ', ...both, least: 0.8 },
  { workload: 'GET 64 MiB', ...both, least: 0.85 },
  { workload: 'LIST page', ...both, least: 8 },
  { workload: 'LIST with delimiter', ...both, least: 2 },
]

/** A goal and what was measured. */
export interface Judged extends Goal {
  /** The least ratio to one of the peers; undefined when it was not measured. */
  readonly ratio: number | undefined
}

/** Holds the measured ratios against the goals. */
export function judge(cells: readonly Cell[]): Judged[] {
  return goals.map((goal) => {
    const cell = cells.find(({ workload, server }) => server === goal.server && workload.startsWith(goal.workload))
    const ratios = goal.against.map((peer) => cell?.ratios[peer]).filter((ratio) => ratio !== undefined)
    return { ...goal, ratio: ratios.length === goal.against.length ? Math.min(...ratios) : undefined }
  })
}
