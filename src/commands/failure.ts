import { BadSetting } from '../settings.ts'
import { CommandFailed } from './data-folder.ts'

/** Errors whose message tells a person what to do, by name: a stack would only hide it. */
const expected = new Set(['DataFolderInUse', 'DamagedRecords', 'ServiceError', 'ToolsMissing'])

/**
 * What a failed command says and ends with. The sentence is undefined for an error that nobody foresaw: it is shown
 * with its stack. A data folder in use ends with 73, as EX_CANTCREAT of sysexits.
 */
export function explain(error: unknown): { sentence: string | undefined; status: number } {
  if (!(error instanceof Error)) return { sentence: undefined, status: 1 }
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    const { address, port } = error as Error & { address?: string; port?: number }
    if (port !== undefined) {
      const why = code === 'EADDRINUSE' ? 'another program listens there' : error.message
      return {
        sentence: `cannot listen on ${address}:${port}: ${why}; choose another --port, 0 picks a free one`,
        status: 1,
      }
    }
  }
  // What the system says of a file names the file: an image that is not there, a folder that may not be written.
  const ofAFile = 'syscall' in error && 'path' in error
  const known = error instanceof BadSetting || error instanceof CommandFailed || expected.has(error.name) || ofAFile
  return { sentence: known ? error.message : undefined, status: error.name === 'DataFolderInUse' ? 73 : 1 }
}
