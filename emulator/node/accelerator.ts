import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname, join } from 'node:path'
import type { Clock } from '../state/clock.ts'
import { acceleratorProbe, probePassed } from './accelerator-probe.ts'
import { fileTail } from './file-tail.ts'
import type { Accelerator } from './hypervisor.ts'
import { paceOf } from './pace.ts'
import { driveArguments, machineArguments } from './qemu-arguments.ts'
import { type Supervision, spawnSupervised } from './supervision.ts'

/** What an accelerator is chosen for. */
export interface AcceleratorQuestion {
  binary: string
  version: string
  sandbox: boolean
  supervision: Supervision
  /** File that remembers the answer for as long as the host, its boot and the binary are the same. */
  cache: string
  clock: Clock
  /** In order of preference; by default what this host could have. */
  candidates?: readonly Accelerator[]
  /** True: the first candidate is taken whatever the probe says of it, which is booted for its pace alone. */
  isSettled?: boolean
}

/** What guests run on here, and how slowly. */
export interface ChosenAccelerator {
  accelerator: Accelerator
  /** See `paceOf`. */
  pace: number
}

/** How the probe came out: undefined for a failure that did not happen. */
interface Probed {
  failure: string | undefined
  milliseconds: number
}

/**
 * How long the probe may take, in ms. Hardware that works is as fast as translation (0.1-0.2 s), and a broken one may
 * never end. Translation is the last resort: on a busy host it gets all the time it can need.
 */
const limits: Record<Accelerator, number> = { kvm: 1_000, hvf: 1_000, tcg: 60_000 }

/** What this host could have, hardware first. */
function hostAccelerators(): Accelerator[] {
  if (process.arch !== 'x64') return ['tcg']
  if (process.platform === 'darwin') return ['hvf', 'tcg']
  return existsSync('/dev/kvm') ? ['kvm', 'tcg'] : ['tcg']
}

/** Boots the probe. */
async function probe(
  accelerator: Accelerator,
  question: AcceleratorQuestion,
  folder: string,
  signal: AbortSignal,
): Promise<Probed> {
  const { binary, sandbox, supervision, clock } = question
  const drive = { id: 'probe', format: 'raw', file: join(folder, 'probe.img'), serial: '', durable: false } as const
  const args = [
    ...machineArguments({ accelerator, sandbox }),
    ...['-no-reboot', '-m', '16', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    ...driveArguments({ ...drive, readOnly: true }, 0),
  ]
  const start = clock.monotonic()
  const child = await spawnSupervised(supervision, binary, args, { log: join(folder, `${accelerator}.log`) })
  const over = new AbortController()
  const limit = clock.sleep(limits[accelerator], AbortSignal.any([signal, over.signal])).then(
    () => true,
    () => false,
  )
  void limit.then(() => child.kill())
  const { status, detail } = await child.exited
  over.abort()
  const milliseconds = clock.monotonic() - start
  if (status === probePassed) return { failure: undefined, milliseconds }
  if (await limit) return { failure: `not done after ${limits[accelerator]} ms`, milliseconds }
  return { failure: `${detail} ${(await child.output()).slice(-300)}`.trim(), milliseconds }
}

/** Boots the probe on all candidates at once and takes the first in order of preference that passes. */
async function tryAll(
  candidates: readonly Accelerator[],
  question: AcceleratorQuestion,
  folder: string,
): Promise<ChosenAccelerator> {
  const stop = new AbortController()
  // A disk of one sector is too small for the firmware's virtio driver.
  const image = Buffer.concat([acceleratorProbe], 1024 * 1024)
  await writeFile(join(folder, 'probe.img'), image)
  const runs = candidates.map((accelerator) => probe(accelerator, question, folder, stop.signal))
  const allOver = Promise.allSettled(runs)
  const failures: string[] = []
  try {
    for (const [index, accelerator] of candidates.entries()) {
      const { failure, milliseconds = 0 } = (await runs[index]) ?? {}
      if (failure === undefined || question.isSettled) return { accelerator, pace: paceOf(milliseconds) }
      failures.push(`${accelerator}: ${failure}`)
    }
  } finally {
    stop.abort()
    await allOver
  }
  throw new Error(`no accelerator of ${question.binary} runs a guest: ${failures.join('; ')}`)
}

/** What the answer depends on, as one word. */
async function keyOf(
  { binary, version, sandbox, isSettled = false }: AcceleratorQuestion,
  candidates: readonly string[],
) {
  const linux = process.platform === 'linux'
  const boot = linux ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() : release()
  const facts = [boot, binary, version, (await stat(binary)).mtimeMs, sandbox, candidates, isSettled]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

/**
 * The best accelerator that really runs guests here, found by booting a boot sector that uses what guests use: that a
 * device file exists, or that QEMU starts, proves nothing. Rejects when none does, with what each of them did.
 */
export async function chooseAccelerator(question: AcceleratorQuestion): Promise<ChosenAccelerator> {
  const { cache, candidates = hostAccelerators() } = question
  const key = await keyOf(question, candidates)
  const [known, name, pace] = (await fileTail(cache, 200)).toString('utf8').split(/[ \n]/)
  const remembered = candidates.find((accelerator) => known === key && name === accelerator)
  if (remembered && Number(pace) >= 1) return { accelerator: remembered, pace: Number(pace) }
  await mkdir(dirname(cache), { recursive: true, mode: 0o700 })
  // Its own, as others may look at the same host at the same time.
  const folder = await mkdtemp(`${cache}-`)
  try {
    const chosen = await tryAll(candidates, question, folder)
    const fresh = join(folder, 'chosen')
    await writeFile(fresh, `${key} ${chosen.accelerator} ${chosen.pace}\n`, { mode: 0o600 })
    await rename(fresh, cache)
    return chosen
  } finally {
    await rm(folder, { recursive: true })
  }
}
