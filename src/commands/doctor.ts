import { access, constants } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, totalmem } from 'node:os'
import { execa } from 'execa'
import { describeNode } from '../../emulator/index.ts'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { programName } from './program-name.ts'
import { whyStandIn } from './stand-in.ts'

/** One thing that was looked at. */
export interface Finding {
  readonly subject: string
  readonly ok: boolean
  readonly finding: string
}

/** What the doctor tries on this machine; tests give answers of their own. */
export interface Probes {
  /** Whether an address and port can be listened on: undefined, or the code of the error, such as `EACCES`. */
  readonly listen: (address: string, port: number) => Promise<string | undefined>
  /** What ssh says of its version; undefined when there is none. */
  readonly sshVersion: () => Promise<string | undefined>
}

/** Listens for a moment; gives the code of the error when that cannot be. */
export function tryToListen(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, address, () => server.close(() => resolve(undefined)))
  })
}

const probes: Probes = {
  listen: tryToListen,
  async sshVersion() {
    const { exitCode, stderr } = await execa('ssh', ['-V'], { reject: false, stdin: 'ignore' })
    return exitCode === 0 ? stderr.split(',')[0] : undefined
  },
}

/** An address of the network of public addresses that no emulator gives to an instance. */
const triedAddress = '127.8.0.255'

/** Whether public addresses of instances are listened for as they are. Where not they work all the same, so it is ok. */
export async function examineAddresses({ listen }: Pick<Probes, 'listen'>, ports: readonly number[]): Promise<Finding> {
  const tried = await Promise.all(ports.map(async (port) => ({ port, code: await listen(triedAddress, port) })))
  const standIns = new Map<string, number[]>()
  for (const { port, code } of tried) {
    if (code !== undefined) standIns.set(code, [...(standIns.get(code) ?? []), port])
  }
  const why = [...standIns].map(([code, some]) => `${some.join(', ')} (${whyStandIn(code)})`)
  const finding = why.length
    ? `high ports of 127.0.0.1 stand in for port ${why.join(' and ')}: "${programName()} ssh ID" finds them`
    : `those of instances, in 127.8.0.0/16, are listened on at their own ports ${ports.join(', ')}`
  return { subject: 'addresses', ok: true, finding }
}

/** Whether there is an ssh, for `euca-emu ssh` and `euca-emu tour`. */
export async function examineSsh({ sshVersion }: Pick<Probes, 'sshVersion'>): Promise<Finding> {
  const version = await sshVersion()
  const hint =
    'not found, and the commands ssh and tour need it: type "apt-get install openssh-client" (Debian, Ubuntu) or "dnf install openssh-clients" (Fedora)'
  return { subject: 'ssh', ok: version !== undefined, finding: version ?? hint }
}

/** Whether guests can start by UEFI. Only images that ask for it need it, so it is ok without. */
export function examineUefi({ uefi }: { readonly uefi?: string }): Finding[] {
  if (uefi === undefined) return []
  return [{ subject: 'UEFI', ok: true, finding: `for images of boot mode uefi, in fidelity aws: ${uefi}` }]
}

/** Looks at what the emulator needs on this machine, and says of what is missing how to get it. */
export async function examine(settings: Settings): Promise<Finding[]> {
  const program = { subject: 'euca-emu', ok: true, finding: `${version} on Node ${process.versions.node}` }
  const cores = `${availableParallelism()} cores, ${Math.floor(totalmem() / 2 ** 30)} GiB`
  // Object Storage boots nothing: no QEMU, no images, no addresses of instances.
  if (settings.services === 's3') return [program, { subject: 'host', ok: true, finding: cores }]
  const [node, images, addresses, ssh, kvm] = await Promise.all([
    describeNode(settings.data, settings.accelerator),
    installedFixtures(defaultCache()),
    examineAddresses(probes, settings.publicPorts),
    examineSsh(probes),
    access('/dev/kvm', constants.R_OK | constants.W_OK).then(
      () => 'there',
      () => 'not there, or not ours to use',
    ),
  ])
  const boundary =
    node.accelerator === 'tcg'
      ? 'translated by QEMU (tcg): 10 to 30 times slower than hardware, and no security boundary that QEMU promises'
      : `by hardware (${node.accelerator})`
  return [
    program,
    { subject: 'host', ok: true, finding: `${cores}; guests may have ${settings.memory} MiB` },
    { subject: 'QEMU', ok: node.ok, finding: node.finding.replace(/^QEMU /, '') },
    { subject: '/dev/kvm', ok: true, finding: kvm },
    ...(node.ok ? [{ subject: 'guests run', ok: true, finding: boundary }] : []),
    ...examineUefi(node),
    addresses,
    ssh,
    {
      subject: 'starter images',
      ok: images.length > 0,
      finding: images.length
        ? images.map(({ name }) => name).join(', ')
        : `none: "${programName()} fixtures build" makes them from Debian packages, without root`,
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
