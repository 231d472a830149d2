import { type Capability, capabilities } from './case.ts'
import { foreign } from './levels.ts'
import { until } from './patience.ts'
import type { Account, Fidelity, Target } from './target.ts'

/** What is known of an emulator that was just started in this process. */
export interface StartedEmulator {
  readonly url: string
  readonly credentials: Account & { readonly adminToken: string }
  readonly cloudCertificate: string
}

/** Makes the second account by the emulator's own admin call. */
async function makeAccount({ url, credentials }: StartedEmulator, name: string): Promise<Account> {
  const response = await fetch(`${url}/_euca/accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  const answer = (await response.json()) as { id: string; accessKeyId: string; secretAccessKey: string }
  if (!response.ok) throw new Error(`the account ${name} was not made: ${JSON.stringify(answer)}`)
  return { accountId: answer.id, accessKeyId: answer.accessKeyId, secretAccessKey: answer.secretAccessKey }
}

/** Asks the emulator where it listens for a port of an instance. */
async function reach({ url, credentials }: StartedEmulator, instanceId: string, port: number) {
  const headers = { authorization: `Bearer ${credentials.adminToken}` }
  const response = await fetch(`${url}/_euca/instances/${instanceId}`, { headers })
  if (!response.ok) throw new Error(`the emulator does not tell of ${instanceId}: ${await response.text()}`)
  const { ports } = (await response.json()) as { ports: { port: number; boundAddress: string; boundPort: number }[] }
  const open = ports.find((one) => one.port === port)
  return open && { host: open.boundAddress, port: open.boundPort }
}

/** How many times slower than an ordinary host the emulator's is: it finds out when it starts. */
async function paceOf(url: string): Promise<number> {
  const look = async () => ((await (await fetch(`${url}/_euca/health`)).json()) as { pace?: number }).pace
  const pace = await until("the host's pace", look, (seen) => seen !== undefined, { seconds: 60, timeScale: 1 })
  return Math.max(1, pace ?? 1)
}

/** What an emulator can do; `boots`: whether its guests really boot. */
export function emulatorCapabilities(fidelity: Fidelity, boots: boolean): Capability[] {
  const words = Object.keys(capabilities) as Capability[]
  return words.filter((word) => !foreign[fidelity].includes(word) && (boots || !word.startsWith('boots-')))
}

/** What is known of how an emulator was started. */
export interface EmulatorTraits {
  readonly fidelity: Fidelity
  /** Whether its guests really boot. */
  readonly boots: boolean
  /** On an ordinary host that is busy. */
  readonly timeScale: number
  /** Whether it has a hypervisor, as it has unless told otherwise: without one nobody finds out how fast the host is. */
  readonly hasNode?: boolean
}

/** A fresh emulator as a target. */
export async function emulatorTarget(
  emulator: StartedEmulator,
  { fidelity, boots, timeScale, hasNode = true }: EmulatorTraits,
): Promise<Target> {
  const { url, credentials, cloudCertificate } = emulator
  const { accountId, accessKeyId, secretAccessKey } = credentials
  return {
    name: `euca-emu (${fidelity})`,
    fidelity,
    region: fidelity === 'aws' ? 'us-east-1' : 'eucalyptus',
    zone: fidelity === 'aws' ? 'us-east-1a' : 'one',
    endpoints: {
      ec2: `${url}/services/compute`,
      s3: `${url}/services/objectstorage`,
      sts: `${url}/services/Tokens`,
      iam: `${url}/services/Euare`,
      virtualHosts: `${new URL(url).protocol}//s3.localhost:${new URL(url).port}`,
    },
    administrator: { accountId, accessKeyId, secretAccessKey },
    user: await makeAccount(emulator, 'conformance'),
    cloudCertificate,
    capabilities: emulatorCapabilities(fidelity, boots),
    // The size that the user guide gives.
    instanceType: { name: 'm1.small', diskGiB: 5 },
    timeScale: timeScale * (hasNode ? await paceOf(url) : 1),
    reach: (instanceId, port) => reach(emulator, instanceId, port),
  }
}
