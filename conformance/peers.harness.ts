import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { provide, type Peer as Server, peers as servers } from '../bench/peers.ts'
import { startServer } from '../bench/server.ts'
import type { Capability, Case } from './case.ts'
import type { Target } from './target.ts'

/** A server that nobody of this project wrote, as a target: what its makers say that it can do. */
export interface PeerTarget {
  /** Of one of the servers that the benchmark installs, and of the target. */
  readonly name: 'minio' | 'versitygw' | 'moto'
  /** As evidence calls it. */
  readonly cloud: string
  readonly capabilities: readonly Capability[]
  /** The variable by which it is told before which host, and port if it wants one, the names of buckets stand. */
  readonly hosts?: { readonly variable: string; readonly hasPort: boolean }
}

/** What S3 servers claim that keep to AWS: neither knows ACLs of objects or a second account without more setting up. */
const storage = ['s3', 'virtual-hosts', 'multipart', 'object-tagging', 'conditional-writes', 'checksums'] as const

/** The servers on which cases are proven: Object Storage on two, and what needs no guest of EC2, IAM and STS on one. */
export const peerTargets: readonly PeerTarget[] = [
  {
    name: 'minio',
    cloud: 'MinIO',
    capabilities: [...storage, 'signature-2', 'versioning', 'bucket-policy', 'post-policy', 'lifecycle'],
    hosts: { variable: 'MINIO_DOMAIN', hasPort: false },
  },
  {
    name: 'versitygw',
    cloud: 'VersityGW',
    capabilities: [...storage, 'bucket-policy', 'cors', 'post-policy'],
    hosts: { variable: 'VGW_VIRTUAL_DOMAIN', hasPort: true },
  },
  { name: 'moto', cloud: 'Moto', capabilities: ['iam', 'key-pairs', 'security-groups', 'ebs', 'addresses'] },
]

/** Whether a case runs instances: to a peer they are records that it makes up. */
const runsInstances = ({ id, covers }: Pick<Case, 'id' | 'covers'>): boolean =>
  id.startsWith('instances/') || covers.includes('RunInstances')

/** Whether a case is about the services of a peer: Object Storage, or all others that need no guest. */
export const isAbout = (one: Pick<Case, 'id' | 'covers' | 'needs'>, { capabilities }: PeerTarget): boolean =>
  one.needs.includes('s3') === capabilities.includes('s3') && !runsInstances(one)

/** A started peer. */
export interface StartedPeer {
  readonly target: Target
  /** Of the program, as it says itself. */
  readonly version: string
  stop(): Promise<void>
}

/** The version of an installed program: of the Go module that it was built of, or of the Python package. */
async function versionOf(name: PeerTarget['name'], program: string): Promise<string> {
  if (name === 'moto') {
    const python = join(program, '..', 'python')
    return (await execa(python, ['-c', 'import moto; print(moto.__version__)'])).stdout.trim()
  }
  const { stdout } = await execa('go', ['version', '-m', program])
  const version = /^\s*mod\s+\S+\s+(\S+)/m.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`${program} does not say of which version it is`)
  return version
}

/** The name by which Object Storage is reached, the loopback's own. */
const host = 's3.localhost'

/** The same server, told its name. */
function named(server: Server, { hosts }: PeerTarget): Server {
  if (!hosts) return server
  return {
    ...server,
    launch(where) {
      const launch = server.launch(where)
      const name = hosts.hasPort ? `${host}:${where.port}` : host
      return { ...launch, environment: { ...launch.environment, [hosts.variable]: name } }
    },
  }
}

const account = (accountId: string, keys: { accessKeyId: string; secretAccessKey: string }) => ({ accountId, ...keys })

/**
 * Starts a peer whose program lies in `folder`; where it does not, it is installed if `install` says so. Gives the reason
 * when there is none. Throws when it is there and does not start.
 */
export async function startPeer(
  one: PeerTarget,
  folder: string,
  { install, timeScale = 2 }: { install: boolean; timeScale?: number },
): Promise<StartedPeer | { readonly missing: string }> {
  const { name, capabilities } = one
  const peer = servers.find((server) => server.name === name)
  const program = peer?.program?.(folder)
  if (!peer || program === undefined) throw new Error(`the benchmark knows no ${name}`)
  const missing = install || existsSync(program) ? await provide(peer, folder) : 'it is not installed'
  if (missing !== undefined) return { missing }
  const work = await mkdtemp(join(tmpdir(), 'euca-emu-peers-'))
  const server = await startServer(named(peer, one), folder, work)
  const { port, accessKeyId, secretAccessKey, region } = server.endpoint
  const url = `http://127.0.0.1:${port}`
  const target: Target = {
    name,
    fidelity: 'aws',
    region,
    zone: `${region}a`,
    endpoints: { ec2: url, s3: url, sts: url, iam: url, ...(one.hosts && { virtualHosts: `http://${host}:${port}` }) },
    administrator: account('123456789012', { accessKeyId, secretAccessKey }),
    capabilities,
    // As AWS has described this type.
    instanceType: { name: 'm1.small', diskGiB: 160 },
    timeScale,
  }
  const stop = async () => {
    await server.stop()
    await rm(work, { recursive: true, force: true })
  }
  return { target, version: await versionOf(name, program), stop }
}
