import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { CommandFailed, type DataFolder } from './data-folder.ts'
import { programName } from './program-name.ts'

/** What is asked of a page whose answer may take as long as it likes, which `fetch` breaks off after five minutes. */
export interface StreamRequest {
  readonly path: string
  /** What is sent; without it the page is only read. */
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

/**
 * Calls a page below /_euca/ of the emulator that runs on a data folder; resolves with its answer as a stream. Throws
 * CommandFailed when no emulator answers, or with what it says when it refuses.
 */
export async function adminStream(
  { url, adminToken }: DataFolder,
  { path, body, signal }: StreamRequest,
): Promise<IncomingMessage> {
  const asking = request(`${url}/_euca/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${adminToken}`, ...(body && { 'content-length': body.length }) },
    ...(signal && { signal }),
  })
  const answered = once(asking, 'response') as Promise<[IncomingMessage]>
  asking.end(body)
  const [answer] = await answered.catch((error) => {
    signal?.throwIfAborted()
    throw new CommandFailed(`no emulator answers at ${url}: run "${programName()} start"`, { cause: error })
  })
  if (answer.statusCode === 200) return answer
  const { error } = (await json(answer)) as { error?: string }
  throw new CommandFailed(error ?? `the emulator answered with status ${answer.statusCode}`)
}
