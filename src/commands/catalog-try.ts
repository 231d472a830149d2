import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describeNode } from '../../emulator/index.ts'
import type { QueryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import type { Settings } from '../settings.ts'
import { ProofFailed } from '../tour/proofs.ts'
import { until } from '../tour/until.ts'
import { version } from '../version.ts'
import { ec2Of, installImage } from './catalog.ts'
import type { Offer } from './catalog-offers.ts'
import { adminCall, CommandFailed, type DataFolder, readDataFolder } from './data-folder.ts'
import { type ReachedInstance, sshArguments } from './ssh.ts'
import { parseTrials, type Trial, trialsTable, withTrial } from './trials.ts'
import { withWorkFolder } from './work-folder.ts'

/** How a trial is made; tests put in a cloud that boots nothing. */
export interface TrialParts {
  readonly start: typeof startEmulator
  readonly describe: typeof describeNode
  /** Seconds that a boot, and then a login, may take. */
  readonly patience: number
}

const real: TrialParts = { start: startEmulator, describe: describeNode, patience: 900 }
/** 512 MiB: what a distribution needs at least. */
const instanceType = 'm1.medium'

/**
 * Boots an image of a catalog on a cloud of its own, which is removed again, and says how that went: whether its console
 * came to the line that proves a boot, and whether ssh logs in as the catalog says. Throws for what is not the image's.
 */
export function tryImage(
  offer: Offer,
  settings: Pick<Settings, 'accelerator' | 'memory'>,
  signal: AbortSignal,
  parts: TrialParts = real,
): Promise<Trial> {
  return withWorkFolder(tmpdir(), async (work) => {
    const data = join(work, 'data')
    const { ok, finding, accelerator = 'none' } = await parts.describe(data, settings.accelerator)
    if (!ok) throw new CommandFailed(finding)
    const emulator = await parts.start({ ...settings, data, port: 0, catalog: false, stopGrace: 0 })
    try {
      const folder = await readDataFolder(data)
      const { id } = await installImage(folder, offer, signal)
      const outcome = await boot({ folder, ec2: ec2Of(folder), work, signal, patience: parts.patience }, offer, id)
      const { name, virtualization, login } = offer
      const about = { name, virtualization, ...(login !== undefined && { login }), accelerator, node: finding }
      return { ...about, ...outcome, date: new Date().toISOString().slice(0, 10), version }
    } finally {
      await emulator.stop()
    }
  })
}

interface Trying {
  readonly folder: DataFolder
  readonly ec2: QueryClient
  readonly work: string
  readonly signal: AbortSignal
  readonly patience: number
}

async function boot(
  trying: Trying,
  offer: Offer,
  ImageId: string,
): Promise<Pick<Trial, 'booted' | 'loggedIn' | 'why'>> {
  const { ec2, work } = trying
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
  await ec2.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', IpPermissions })
  const identity = join(work, 'key.pem')
  const material = text(await ec2.call('CreateKeyPair', { KeyName: 'trial' }), 'keyMaterial')
  await writeFile(identity, `${material}\n`, { mode: 0o600 })
  const asked = { ImageId, KeyName: 'trial', InstanceType: instanceType, MinCount: 1, MaxCount: 1 }
  const id = text(list(await ec2.call('RunInstances', asked), 'instancesSet')[0], 'instanceId') ?? ''
  try {
    await untilBooted(trying, id, offer.bootLine)
  } catch (error) {
    if (!(error instanceof ProofFailed)) throw error
    return { booted: false, loggedIn: false, why: error.message }
  }
  if (offer.login === undefined) return { booted: true, loggedIn: false }
  try {
    await untilLogin(trying, id, identity, offer.login)
  } catch (error) {
    if (!(error instanceof ProofFailed)) throw error
    return { booted: true, loggedIn: false, why: error.message }
  }
  return { booted: true, loggedIn: true }
}

/** Waits for a line on the console. Throws ProofFailed when the instance ends before, or it takes too long. */
async function untilBooted({ ec2, signal, patience }: Trying, id: string, bootLine: string): Promise<void> {
  const look = async () => {
    const answer = await ec2.call('DescribeInstances', { InstanceId: [id] })
    const instance = list(list(answer, 'reservationSet')[0], 'instancesSet')[0]
    const state = text(instance, 'instanceState', 'name') ?? 'gone'
    if (state !== 'pending' && state !== 'running')
      throw new ProofFailed(`its instance was ${state}`, JSON.stringify(instance))
    if (state === 'pending') return ''
    const output = text(await ec2.call('GetConsoleOutput', { InstanceId: id }), 'output') ?? ''
    return Buffer.from(output, 'base64').toString('latin1')
  }
  const what = `"${bootLine}" on the console`
  await until({ what, look, isSo: (console) => console.includes(bootLine), signal, within: patience })
}

/** Waits until ssh logs in with the key pair. Throws ProofFailed with what ssh said when it takes too long. */
async function untilLogin({ folder, signal, patience }: Trying, id: string, identity: string, user: string) {
  const look = async () => {
    const reached = await adminCall<ReachedInstance>(folder, `instances/${id}`)
    const words = sshArguments(reached, { user, identity, command: ['true'] })
    const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30']
    const { exitCode, stderr } = await execa('ssh', [...options, ...words], {
      stdin: 'ignore',
      reject: false,
      cancelSignal: signal,
      timeout: 60_000,
    })
    return exitCode === 0 ? '' : stderr || 'ssh gave no answer'
  }
  await until({ what: `a login as ${user}`, look, isSo: (refusal) => refusal === '', signal, within: patience })
}

/** Reads the trials that a file holds, puts one in the place of an earlier one of its kind, and writes the table beside. */
export async function recordTrial(path: string, trial: Trial): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]'
    throw error
  })
  const trials = withTrial(parseTrials(before, path), trial)
  await writeFile(path, `${JSON.stringify(trials, undefined, 2)}\n`)
  await writeFile(path.replace(/(\.json)?$/, '.md'), trialsTable(trials))
}
