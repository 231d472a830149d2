import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { execa } from 'execa'
import { ProofFailed } from './proofs.ts'
import type { Tour } from './tour.ts'

/** How the tour logs in: the instance, and the file of the private key. */
export interface Login {
  readonly instance: string
  readonly key: string
}

/** Milliseconds that a command in a guest may take. */
const patience = 120_000

/** Runs shell in a guest by ssh and gives what it prints, trimmed. Throws ProofFailed with what ssh and it said. */
export async function inGuest(tour: Tour, login: Login, script: string, input?: Readable): Promise<string> {
  const { signal } = tour
  const where = await tour.login(login.instance, login.key)
  const result = await execa('ssh', ['-o', 'BatchMode=yes', ...where, script], {
    ...(input ? { input } : { stdin: 'ignore' }),
    all: true,
    cancelSignal: signal,
    timeout: patience,
    reject: false,
  })
  signal.throwIfAborted()
  if (result.failed) {
    // No status, or a good one: it was not started, a signal ended it, or what it was fed with broke.
    const status = result.exitCode ? `status ${result.exitCode}` : result.originalMessage
    const how = result.timedOut ? `was not done within ${patience / 1000} s` : `ended with ${status}`
    const seen = `${script}\n${result.all ?? ''}`.trimEnd()
    throw new ProofFailed(`a command in ${login.instance} by ssh ${how}`, seen, { cause: result.cause })
  }
  return result.stdout.trim()
}

/**
 * Shell that waits for the disk with a serial and leaves its name, such as `vdb`, in `disk`. It gives up after a minute.
 */
export const findDisk = (serial: string): string => `tries=600
until disk=$(grep -lx ${serial} /sys/block/*/serial); do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo "no disk with this serial:"; grep . /sys/block/*/serial; exit 1; }
  usleep 100000
done
disk=\${disk%/serial}; disk=\${disk##*/}`

/**
 * Copies a file onto a guest's disk, compressed on its way. Not the disk that the guest runs from: a copy of a mounted
 * file system is one that was never unmounted.
 */
export async function writeOntoDisk(tour: Tour, login: Login, serial: string, file: string): Promise<void> {
  // What breaks the reading breaks the stream that ssh is fed with, and is thrown there.
  const compressed = pipeline(createReadStream(file), createGzip(), () => undefined)
  await inGuest(tour, login, `${findDisk(serial)}\ngunzip -c > /dev/$disk && sync`, compressed)
}
