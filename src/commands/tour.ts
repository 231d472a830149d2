import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { queryClient } from '../client/ec2.ts'
import { type Emulator, startEmulator } from '../index.ts'
import type { Settings } from '../settings.ts'
import { guided } from '../tour/guided.ts'
import type { Starter, Tour } from '../tour/tour.ts'
import { walk } from '../tour/walk.ts'
import { adminCall, CommandFailed, readDataFolder } from './data-folder.ts'
import { examine, findingsText } from './doctor.ts'
import { programName } from './program-name.ts'
import { shellWord } from './quoting.ts'
import { sshArguments } from './ssh.ts'

/** What `tour` is told. */
export interface TourOptions {
  readonly settings: Settings
  /** Whether the data folder stays, with its instances: the next start on it boots them again. */
  readonly keep: boolean
}

type Starters = Pick<Tour, 'hvm' | 'paravirtual'>

/** What a tour is made of. Tests put in another walk, and a cloud that boots nothing. */
export interface TourParts {
  readonly examine: typeof examine
  readonly starters: () => Promise<Starters>
  readonly start: typeof startEmulator
  readonly walk: typeof walk
}

/** What a tour cannot do without; the subjects are those of `doctor`. */
const needed = new Set(['QEMU', 'ssh', 'starter images'])

/** The emulator's own folder, in that of the tour. */
const dataIn = (folder: string) => join(folder, 'data')

async function starter<Kind extends 'hvm' | 'paravirtual'>(kind: Kind): Promise<Starter<Kind>> {
  const found = (await installedFixtures(defaultCache())).find(({ virtualization }) => virtualization === kind)
  if (!found) throw new CommandFailed(`there is no ${kind} starter image: "${programName()} fixtures build" makes it`)
  return found as Starter<Kind>
}

async function starters(): Promise<Starters> {
  return { hvm: await starter('hvm'), paravirtual: await starter('paravirtual') }
}

/** The emulator on the tour's folder as its clients see it. */
async function tourOf(
  { publicAddresses }: Emulator,
  zone: string,
  folder: string,
  images: Starters,
  signal: AbortSignal,
): Promise<Tour> {
  const about = await readDataFolder(dataIn(folder))
  const { url, region, accountId, accessKeyId, secretAccessKey } = about
  const endpoint = `${url}/services/compute`
  return {
    ec2: queryClient({ endpoint, accessKeyId, secretAccessKey, region, service: 'ec2', version: '2016-11-15' }),
    s3: { endpoint: url, accessKeyId, secretAccessKey, region },
    accountId,
    cloudCertificate: await readFile(about.cloudCertificate, 'utf8'),
    zone,
    ...images,
    folder,
    signal,
    isStoodIn: publicAddresses?.standIns.some(({ port }) => port === 22) === true,
    say: (line) => console.log(line),
    login: async (instance, identity) =>
      sshArguments(await adminCall(about, `instances/${instance}`), { user: 'root', identity, command: [] }),
  }
}

/** Walks on a fresh emulator in a folder, and stops it at once afterwards. Resolves with the exit code. */
async function walkIn(folder: string, settings: Settings, parts: TourParts, signal: AbortSignal): Promise<number> {
  const missing = (await parts.examine({ ...settings, data: dataIn(folder) })).filter(
    ({ subject, ok }) => !ok && needed.has(subject),
  )
  if (missing.length) {
    console.log(findingsText(missing, false).trimEnd())
    return 1
  }
  const images = await parts.starters()
  const { accelerator, memory, zone } = settings
  const emulator = await parts.start({ data: dataIn(folder), port: 0, catalog: false, accelerator, memory, zone })
  try {
    console.log(`a cloud of its own is ready at ${emulator.url}`)
    return (await guided(await tourOf(emulator, zone, folder, images, signal), parts.walk)) ? 0 : 1
  } finally {
    await emulator.stop(AbortSignal.abort())
  }
}

/** Shows the mission live on a fresh emulator. Resolves with the exit code: 1 when a proof failed, 130 when told to end. */
export async function tour(
  { settings, keep }: TourOptions,
  parts: TourParts = { examine, starters, start: startEmulator, walk },
): Promise<number> {
  const told = new AbortController()
  const stop = () => told.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-tour-'))
  try {
    const code = await walkIn(folder, settings, parts, told.signal)
    return told.signal.aborted ? 130 : code
  } finally {
    if (keep) console.log(`kept: ${programName()} start --data ${shellWord(dataIn(folder))} boots its instances again`)
    else await rm(folder, { recursive: true, force: true })
    for (const signal of signals) process.off(signal, stop)
  }
}
