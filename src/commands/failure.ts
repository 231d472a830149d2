import { printable } from '../../conformance/shortened.ts'
import { BadSetting } from '../settings.ts'
import { CommandFailed } from './data-folder.ts'

/** Errors whose message tells a person what to do, by name: a stack would only hide it. */
const expected = new Set([
  'DataFolderInUse',
  'DamagedRecords',
  'BundleRefused',
  'MigrationRefused',
  'ServiceError',
  'S3Error',
  'ToolsMissing',
  'DownloadFailed',
  'Claimed',
  'ConformanceRefused',
  'VariableMissing',
  'ProfileRefused',
  'AnswerTooLarge',
  'NoSuchMutant',
  'Interrupted',
])

/** What a failure ends with, by the name of the error: 73 as EX_CANTCREAT of sysexits, 130 as for SIGINT. */
const statuses: Record<string, number> = { DataFolderInUse: 73, Interrupted: 130 }

/** What the system says of an address. */
interface OfAnAddress extends NodeJS.ErrnoException {
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** The sentence for an address that cannot be listened on, called or found; undefined for any other error. */
function ofAnAddress({ code, message, address, port, hostname }: OfAnAddress): string | undefined {
  if (hostname !== undefined && (code === 'ENOTFOUND' || code === 'EAI_AGAIN')) {
    return `no address is known for the host ${hostname} (${code})`
  }
  if (port === undefined) return undefined
  if (code === 'ECONNREFUSED') return `nothing answers at ${address}:${port}`
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return undefined
  const why = code === 'EADDRINUSE' ? 'another program listens there' : message
  return `cannot listen on ${address}:${port}: ${why}; choose another --port, 0 picks a free one`
}

/** What the system says of a file names the file: an image that is not there, a folder that may not be written. */
function ofAFile(error: NodeJS.ErrnoException): string | undefined {
  if (error.syscall === undefined || error.path === undefined) return undefined
  return error.code === 'ENOENT' ? `there is no ${error.path}` : error.message
}

/**
 * What a failed command says and ends with. The sentence is undefined for an error that nobody foresaw: it is shown
 * with its stack. What a cloud has said may be part of it: it is made fit for a terminal.
 */
export function explain(error: unknown): { sentence: string | undefined; status: number } {
  if (!(error instanceof Error)) return { sentence: undefined, status: 1 }
  const known = error instanceof BadSetting || error instanceof CommandFailed || expected.has(error.name)
  const sentence = ofAnAddress(error) ?? (known ? error.message : ofAFile(error))
  return { sentence: sentence && printable(sentence), status: statuses[error.name] ?? 1 }
}
