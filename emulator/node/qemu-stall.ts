import type { Clock } from '../state/clock.ts'
import type { MachineStall } from './hypervisor.ts'
import type { Qmp, QmpEvent } from './qmp.ts'

/** How long a machine that found no room stands still until it tries again, in ms. */
const nextTry = 3_000

/** What watching for a full disk takes. */
export interface StallMeans {
  qmp: Qmp
  clock: Clock
  /** The drive that has this node on top. */
  driveOn: (node: string) => string | undefined
  /** Aborted when the machine is to end, and so to stand still. */
  leaving: AbortSignal
  onStall: (stall: MachineStall) => void
}

/**
 * Lets a machine go on that QEMU stopped as its host's disk was full, at the first try that finds room: QEMU repeats what
 * could not be written and, by itself, would stand still for good. Calls `onStall` when it stops and when it goes on.
 */
export function goOnWhenThereIsRoom({ qmp, clock, driveOn, leaving, onStall }: StallMeans): void {
  let isStill = false
  let failed = false
  const wait = async (driveId: string | undefined) => {
    onStall({ driveId, isOver: false })
    while (failed) {
      await clock.sleep(nextTry, leaving)
      failed = false
      await qmp.execute('cont')
      // What is written again takes a moment to fail.
      await clock.sleep(nextTry, leaving)
    }
    onStall({ driveId, isOver: true })
  }
  qmp.listen(({ event, data }: QmpEvent) => {
    if (event !== 'BLOCK_IO_ERROR' || data['nospace'] !== true || data['action'] !== 'stop') return
    failed = true
    if (isStill || leaving.aborted) return
    isStill = true
    // It ends only with the machine, or its connection, whose end others see.
    const over = () => {
      isStill = false
    }
    wait(driveOn(String(data['node-name']))).then(over, over)
  })
}
