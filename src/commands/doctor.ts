import { access, constants } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { describeNode } from '../../emulator/index.ts'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string
  readonly ok: boolean
  readonly finding: string
}

/** Looks at what the emulator needs on this machine, and says of what is missing how to get it. */
export async function examine(settings: Settings): Promise<Finding[]> {
  const [node, images, kvm] = await Promise.all([
    describeNode(settings.data, settings.accelerator),
    installedFixtures(defaultCache()),
    access('/dev/kvm', constants.R_OK | constants.W_OK).then(
      () => 'there',
      () => 'not there, or not ours to use',
    ),
  ])
  const host = `${availableParallelism()} cores, ${Math.floor(totalmem() / 2 ** 30)} GiB; guests may have ${settings.memory} MiB`
  const boundary =
    node.accelerator === 'tcg'
      ? 'translated by QEMU (tcg): 10 to 30 times slower than hardware, and no security boundary that QEMU promises'
      : `by hardware (${node.accelerator})`
  return [
    { subject: 'euca-emu', ok: true, finding: `${version} on Node ${process.versions.node}` },
    { subject: 'host', ok: true, finding: host },
    { subject: 'QEMU', ok: node.ok, finding: node.finding },
    { subject: '/dev/kvm', ok: true, finding: kvm },
    ...(node.ok ? [{ subject: 'guests run', ok: true, finding: boundary }] : []),
    {
      subject: 'starter images',
      ok: images.length > 0,
      finding: images.length
        ? images.map(({ name }) => name).join(', ')
        : 'none: "euca-emu fixtures build" makes them from Debian packages, without root',
    },
  ]
}

/** The findings for a person, or as JSON. */
export function findingsText(findings: readonly Finding[], json: boolean): string {
  if (json) return `${JSON.stringify(findings, undefined, 2)}\n`
  return findings
    .map(({ subject, ok, finding }) => `${ok ? 'ok     ' : 'MISSING'} ${subject.padEnd(15)} ${finding}\n`)
    .join('')
}
