import { expect, test } from 'vitest'
import { goals, judge } from './goals.ts'
import { cells, type Sample, table } from './report.ts'
import { type Workload, workloads } from './workloads.ts'

const workload = (name: string, unit: Workload['unit']): Workload => ({
  ...{ name, unit, connections: 1, most: 1 },
  steps: () => [],
})
const many = workload('PUT 1 KiB, 16 connections', 'per second')
const bulk = workload('GET 64 MiB', 'MB/s')
const sample = (of: Workload, serverName: string, round: number, steps: number, seconds = 2): Sample => ({
  ...{ workload: of.name, serverName, round, steps, seconds },
  ...{ bytes: steps * 64e6, server: 0.9, client: 0.123 },
})

const servers = ['euca-emu', 'minio', 'versitygw']
const samples = [
  ...[600, 900, 1500].map((steps, round) => sample(many, 'euca-emu', round, steps)),
  ...[100, 100, 500].map((steps, round) => sample(many, 'minio', round, steps)),
  ...[10, 10, 10].map((steps, round) => sample(bulk, 'euca-emu', round, steps)),
  ...[10, 20, 5].map((steps, round) => sample(bulk, 'minio', round, steps)),
  ...[20, 20, 20].map((steps, round) => sample(bulk, 'versitygw', round, steps)),
]
const all = cells([many, bulk], servers, samples)

test('a rate is the median of the rounds, a ratio the median of the ratios within each round', () => {
  const cell = all.find(({ server, workload: of }) => server === 'euca-emu' && of === many.name)
  // Of the medians the ratio would be 9.
  expect(cell).toMatchObject({ rates: [300, 450, 750], rate: 450, ratios: { minio: 6 }, serverLoad: 0.9 })
  expect(all.find(({ server, workload: of }) => server === 'minio' && of === bulk.name)?.rate).toBe(320)
})

test('a goal is held against the better peer, and is not judged when a peer is missing', () => {
  const judged = judge(all)
  expect(judged.find(({ workload: of }) => of === 'GET 64 MiB')?.ratio).toBe(0.5)
  expect(judged.find(({ workload: of, server }) => of === 'PUT 1 KiB, 16' && server === 'euca-emu')?.ratio).toBe(6)
  expect(judged.find(({ workload: of }) => of === 'HEAD')?.ratio).toBeUndefined()
})

test('each goal is of a workload that is measured', () => {
  for (const goal of goals) expect(workloads.filter(({ name }) => name.startsWith(goal.workload))).toHaveLength(1)
})

test('the table says rate, load of the server and of the client, and what failed', () => {
  expect(table(all, servers).split('\n')).toEqual([
    '|  | euca-emu | minio | versitygw |',
    '| --- | ---: | ---: | ---: |',
    '| PUT 1 KiB, 16 connections (per second) | 450 (90/12) | 50 (90/12) | – |',
    '| GET 64 MiB (MB/s) | 320 (90/12) | 320 (90/12) | 640 (90/12) |',
    '',
  ])
})
