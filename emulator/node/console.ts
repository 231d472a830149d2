import { fileTail } from './file-tail.ts'

/** How much of a console its readers get: the last 64 KiB (node controller, console output). */
export const consoleTailBytes = 64 * 1024

/** The last 64 KiB of a machine's console file, as the bytes that the guest wrote; empty while there is no file. */
export const readConsole = (path: string): Promise<Buffer> => fileTail(path, consoleTailBytes)
