import { spawnSync } from 'node:child_process'
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'

/** Another process holds the data folder. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse'
}

/** macOS takes the lock while opening (O_EXLOCK with O_NONBLOCK); Node names neither flag there. */
const openLocked = process.platform === 'darwin' ? 0x20 | 0x04 : 0

/**
 * Takes the data folder's lock for as long as this process lives or until the returned function is called.
 *
 * The lock is flock(2) on an open file: a dead process cannot hold it and a suspended one cannot lose it. Node has no
 * flock, but the lock belongs to the open file and not to the process that asks for it: `flock` of util-linux, given
 * our file as its descriptor 3, takes it for us and ends. Throws DataFolderInUse.
 */
export function lockDataFolder(path: string): () => void {
  let file: number
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | openLocked, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EWOULDBLOCK' || (error as NodeJS.ErrnoException).code === 'EAGAIN') {
      throw inUse(path)
    }
    throw error
  }
  if (process.platform !== 'darwin') {
    const { status, error } = spawnSync('flock', ['--exclusive', '--nonblock', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', file],
    })
    if (status !== 0) {
      closeSync(file)
      if (error)
        throw new Error('the command flock (package util-linux) is needed to lock the data folder', { cause: error })
      // flock ends with 1 when another holds the lock, and with another number when it could not ask.
      throw status === 1 ? inUse(path) : new Error(`${path} cannot be locked: flock ended with ${status}`)
    }
  }
  ftruncateSync(file, 0)
  writeSync(file, `${process.pid} ${hostname()}\n`, 0)
  let held = true
  return () => {
    // Once only: the number may be another file's by the second time.
    if (held) closeSync(file)
    held = false
  }
}

function inUse(path: string): DataFolderInUse {
  const [pid, host] = readFileSync(path, 'utf8').trim().split(' ')
  const owner = pid ? `process ${pid} on ${host}` : 'another process'
  return new DataFolderInUse(`the data folder is in use by ${owner} (${path}); stop it, or give another --data`)
}
