import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** How a server is started: its program, what it is told, and the keys that it then knows. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A server that is compared. */
export interface Peer {
  readonly name: string
  /** What is done so that its program is in a folder; nothing for our own. Throws when the machine lacks what it takes. */
  install?(folder: string): Promise<void>
  /** The program in that folder, which is there once it is installed. */
  program?(folder: string): string
  /** Which workloads it takes part in; all without it. */
  readonly workloads?: RegExp
  launch(where: { folder: string; data: string; port: number }): Launch
}

const keys = { accessKeyId: 'benchmark0000000001', secretAccessKey: 'benchmark-secret-00000000000000000000001' }
const own = fileURLToPath(new URL('../src/cli.js', import.meta.url))

/** Our own server in a mode: its key is found in the data folder, where the first start writes it (`env`). */
function euca(name: string, ...also: string[]): Peer {
  return {
    name,
    launch: ({ data, port }) => ({
      command: process.execPath,
      args: [own, 'start', '--services', 's3', '--fidelity', 'aws', '--port', String(port), '--data', data, ...also],
      accessKeyId: '',
      secretAccessKey: '',
    }),
  }
}

function fromGo(name: string, module: string, launch: Peer['launch']): Peer {
  return {
    name,
    program: (folder) => join(folder, 'go', name),
    async install(folder) {
      const environment = { GOBIN: join(folder, 'go') }
      await execa('go', ['install', module], { env: environment, stdio: ['ignore', 'inherit', 'inherit'] })
    },
    launch,
  }
}

const minio = fromGo('minio', 'github.com/minio/minio@latest', ({ folder, data, port }) => ({
  command: join(folder, 'go', 'minio'),
  args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, data],
  environment: { MINIO_ROOT_USER: keys.accessKeyId, MINIO_ROOT_PASSWORD: keys.secretAccessKey, MINIO_BROWSER: 'off' },
  ...keys,
}))

const versitygw = fromGo(
  'versitygw',
  'github.com/versity/versitygw/cmd/versitygw@latest',
  ({ folder, data, port }) => ({
    command: join(folder, 'go', 'versitygw'),
    args: [
      '--keep-alive',
      '--quiet',
      '--access',
      keys.accessKeyId,
      '--secret',
      keys.secretAccessKey,
      '--port',
      `127.0.0.1:${port}`,
      'posix',
      data,
    ],
    ...keys,
  }),
)

const s3rver: Peer = {
  name: 's3rver',
  program: (folder) => join(folder, 'npm', 'node_modules', 's3rver', 'bin', 's3rver.js'),
  async install(folder) {
    await mkdir(join(folder, 'npm'), { recursive: true })
    await execa('npm', ['install', '--no-audit', '--no-fund', '--prefix', join(folder, 'npm'), 's3rver'])
  },
  launch: ({ folder, data, port }) => ({
    command: process.execPath,
    args: [
      join(folder, 'npm', 'node_modules', 's3rver', 'bin', 's3rver.js'),
      ...['--silent', '--address', '127.0.0.1', '--port', String(port), '--directory', data],
    ],
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
  }),
}

const moto: Peer = {
  name: 'moto',
  program: (folder) => join(folder, 'python', 'bin', 'moto_server'),
  async install(folder) {
    await execa('python3', ['-m', 'venv', join(folder, 'python')])
    await execa(join(folder, 'python', 'bin', 'pip'), ['install', '--quiet', 'moto[server,s3]'])
  },
  launch: ({ folder, port }) => ({
    command: join(folder, 'python', 'bin', 'moto_server'),
    args: ['-H', '127.0.0.1', '-p', String(port)],
    ...keys,
  }),
}

/** No Object Storage, but the least that one on Node's HTTP server does for a small request, in a mode. */
function bare(name: string, workloads: RegExp, file?: string, ...mode: string[]): Peer {
  const program = fileURLToPath(new URL('bare-server.js', import.meta.url))
  return {
    name,
    workloads,
    launch: ({ data, port }) => ({
      command: process.execPath,
      args: [program, String(port), ...(file === undefined ? [] : [join(data, file)]), ...mode],
      ...keys,
    }),
  }
}

/**
 * All that can be compared. The durable server answers after a grouped sync, as MinIO does after each; the ephemeral
 * one syncs nothing, as the others do.
 */
export const peers: readonly Peer[] = [
  euca('euca-emu'),
  euca('euca-emu-ephemeral', '--ephemeral'),
  ...[minio, versitygw, s3rver, moto],
  bare('bare-node', /1 KiB|HEAD|DELETE/),
  bare('bare-node-lmdb', /PUT 1 KiB|DELETE/, 'objects'),
  bare('bare-node-lmdb-durable', /PUT 1 KiB|DELETE/, 'objects', 'durable'),
]

/** Installs a peer that is not there yet. Returns why it cannot be compared, if so. */
export async function provide(peer: Peer, folder: string): Promise<string | undefined> {
  const program = peer.program?.(folder)
  if (program === undefined || existsSync(program)) return undefined
  try {
    console.error(`installing ${peer.name}`)
    await peer.install?.(folder)
    return existsSync(program) ? undefined : `${program} is not there after its installation`
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error)
  }
}
