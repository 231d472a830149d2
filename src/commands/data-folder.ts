import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programName } from './program-name.ts'

/** A command cannot do what it was asked; the message says what to do. Ends the program with status 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** What an emulator keeps in its data folder for the commands beside it. */
export interface DataFolder {
  readonly data: string
  /** For our own commands, which are on this machine: never over TLS. */
  readonly url: string
  /** For clients, where the emulator speaks TLS, and the file of the authority that they have to trust. */
  readonly secure?: { readonly url: string; readonly authority: string }
  readonly region: string
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly adminToken: string
  /** The path of the cloud's certificate. */
  readonly cloudCertificate: string
}

/** Reads the credentials and the address of the emulator that runs, or last ran, on a data folder. */
export async function readDataFolder(data: string): Promise<DataFolder> {
  try {
    const [credentials, endpoint] = await Promise.all(
      ['credentials.json', 'endpoint.json'].map(async (name) => JSON.parse(await readFile(join(data, name), 'utf8'))),
    )
    return { ...credentials, ...endpoint, data, cloudCertificate: join(data, 'cloud-cert.pem') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CommandFailed(
      `no emulator was ever started on ${data}: run "${programName()} start" or name its --data`,
      {
        cause: error,
      },
    )
  }
}

/** Calls a page below /_euca/ of the emulator that runs on a data folder. */
export async function adminCall<Answer>({ url, adminToken }: DataFolder, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}/_euca/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  }).catch((error) => {
    throw new CommandFailed(`no emulator answers at ${url}: run "${programName()} start"`, { cause: error })
  })
  const answer = (await response.json()) as Answer & { error?: string }
  if (!response.ok) throw new CommandFailed(answer.error ?? `the emulator answered with status ${response.status}`)
  return answer
}
