import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Capability } from '../../conformance/case.ts'
import { declaredIn } from '../../conformance/declared.ts'
import { emulatorTarget } from '../../conformance/emulator-target.ts'
import type { Target } from '../../conformance/target.ts'
import { folderPrefix } from '../../conformance/tools.ts'
import { describeNode } from '../../emulator/index.ts'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { type Emulator, startEmulator } from '../index.ts'
import type { Settings } from '../settings.ts'
import { programName } from './program-name.ts'

/** An emulator that was started for a run. */
export interface OwnEmulator {
  readonly target: Target
  /** Ends it at once, and removes all that it has kept. */
  close(): Promise<void>
}

/** What cases need that launch instances, and what those need whose guests boot. */
const ofLaunches: readonly Capability[] = ['instance-store', 'bundle-instance', 'imports', 'network', 'ssh']

/** How many times slower than an idle machine this one is, with cases side by side. */
const timeScale = 4

/** What this machine cannot do, and why: a sentence for each. */
async function lacksOf(folder: string, settings: Settings) {
  const [node, images] = await Promise.all([
    describeNode(join(folder, 'node'), settings.accelerator),
    installedFixtures(defaultCache()),
  ])
  const noImages = `there are no starter images: "${programName()} fixtures build" makes them`
  return { node: node.ok ? undefined : node.finding, images: images.length ? undefined : noImages }
}

/**
 * Starts an emulator on a folder of its own, which `note` is told of first. It boots with QEMU where that can be; `say` is
 * told what is left out otherwise. A list of capabilities is what is declared instead.
 */
export async function ownEmulator(
  settings: Settings,
  declared: string | undefined,
  note: (folder: string) => void,
  say: (line: string) => void,
): Promise<OwnEmulator> {
  const instead = declared === undefined ? undefined : declaredIn(declared)
  const folder = await mkdtemp(join(tmpdir(), folderPrefix))
  note(folder)
  let emulator: Emulator | undefined
  const close = async () => {
    await emulator?.stop(AbortSignal.abort())
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const lacks = await lacksOf(folder, settings)
    for (const why of [lacks.node, lacks.images]) if (why !== undefined) say(`no guest boots: ${why}`)
    const { fidelity, accelerator, memory } = settings
    const own = { data: join(folder, 'data'), port: 0, catalog: false, ephemeral: true, stopGrace: 0 } as const
    emulator = await startEmulator({ ...own, fidelity, accelerator, memory })
    const hasNode = lacks.node === undefined
    const boots = hasNode && lacks.images === undefined
    const target = await emulatorTarget(emulator, { fidelity, boots, timeScale, hasNode })
    const capabilities = target.capabilities.filter((word) => hasNode || !ofLaunches.includes(word))
    return { target: { ...target, capabilities: instead ?? capabilities }, close }
  } catch (error) {
    await close()
    throw error
  }
}
