import type { Machine } from '../node/hypervisor.ts'
import { processorTime } from '../node/processor-time.ts'
import type { Clock } from '../state/clock.ts'
import type { Host } from './host.ts'

/**
 * Runs what starts a machine when there is room for one more that boots, in the order of asking. `job` is told how to keep
 * its place for longer than it takes itself: until `isUp` resolves, which never rejects. Rejects with the signal's reason
 * when that is aborted while it waits.
 */
export type BootQueue = <Result>(
  job: (keepUntil: (isUp: Promise<void>) => void) => Promise<Result>,
  signal: AbortSignal,
) => Promise<Result>

/** Makes a queue in which `places` machines boot at the same time. */
export function bootQueue(places: number): BootQueue {
  let free = places
  const waiting = new Set<() => void>()
  const leave = () => {
    const [next] = waiting
    if (next) next()
    else free += 1
  }
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      if (free > 0) {
        free -= 1
        return resolve()
      }
      const giveUp = () => {
        waiting.delete(go)
        reject(signal.reason)
      }
      const go = () => {
        waiting.delete(go)
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      waiting.add(go)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  return async (job, signal) => {
    await enter(signal)
    let isUp = Promise.resolve()
    try {
      return await job((promise) => {
        isUp = promise
      })
    } finally {
      void isUp.then(leave)
    }
  }
}

/**
 * How long a guest that is not heard of may keep others waiting on an ordinary host, in ms. A small one takes 2 s on an idle
 * host; where others have most of the processors it takes ten times that, and must not be joined by all that wait.
 */
const bootPatience = 15_000
/** How often it is looked at, in ms. */
const glance = 50

/** A guest that has used no more of a processor than `uses` ms for `span` ms boots no more, or never did: it only waits. */
const rest = { span: 1_000, uses: 20 }

/** Looks, each time it is called, whether a machine is at rest. */
function resting({ pid }: Machine, clock: Clock): () => Promise<boolean> {
  let from = { at: clock.monotonic(), used: Number.NEGATIVE_INFINITY }
  return async () => {
    const used = pid === undefined ? undefined : await processorTime(pid)
    if (used === undefined) return false
    const at = clock.monotonic()
    if (used - from.used > rest.uses) from = { at, used }
    return at - from.at >= rest.span
  }
}

/**
 * Resolves when a guest is about to be up: when it was heard on the network, which is late in its boot, when it is at rest,
 * as one whose disk nothing boots from, when its machine is over, or when it has had its time on a host of this pace.
 */
export async function guestIsUp({ cloud, network }: Host, machine: Machine, pace: number): Promise<void> {
  const { clock } = cloud
  const isAtRest = resting(machine, clock)
  let isOver = false
  void machine.ended.then(() => {
    isOver = true
  })
  const deadline = clock.monotonic() + bootPatience * pace
  while (!isOver && !network.hasHeard(machine.id) && clock.monotonic() < deadline && !(await isAtRest())) {
    await clock.sleep(glance)
  }
}
