import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spread } from './measure.ts'

/** From exec to healthy with a built catalog, and the resident memory then; the first start makes the data folder. */
const runs = Number(process.argv[2] ?? 10)
const program = fileURLToPath(new URL('../cli.js', import.meta.url))
const data = await mkdtemp(join(tmpdir(), 'euca-emu-start-'))

async function start(): Promise<{ milliseconds: number; mebibytes: number }> {
  const begin = performance.now()
  const child = spawn(process.execPath, [program, 'start', '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const url = await new Promise<string>((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      output += piece
      const found = /ready at (\S+)/.exec(output)?.[1]
      if (found) resolve(found)
    }),
  )
  const { status } = await fetch(`${url}/_euca/health`)
  const milliseconds = performance.now() - begin
  if (status !== 200) throw new Error(`the health page answers ${status}`)
  const resident = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  child.kill('SIGINT')
  if (child.exitCode === null) await once(child, 'exit')
  return { milliseconds, mebibytes: Number(resident) / 1024 }
}

try {
  const first = await start()
  console.log(`first start on an empty folder: ${first.milliseconds.toFixed(0)} ms`)
  const all: { milliseconds: number; mebibytes: number }[] = []
  for (let run = 0; run < runs; run += 1) all.push(await start())
  console.log(
    `exec to healthy: ${spread(
      all.map(({ milliseconds }) => milliseconds),
      0,
    )} ms of ${runs} starts`,
  )
  console.log(
    `resident memory: ${spread(
      all.map(({ mebibytes }) => mebibytes),
      0,
    )} MiB`,
  )
} finally {
  await rm(data, { recursive: true, force: true })
}
