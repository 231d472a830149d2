import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { execa } from 'execa'
import { CommandFailed } from './data-folder.ts'

/** How bytes are packed that we can unpack. */
export type Compression = 'gzip' | 'xz' | 'zstd'

/** The programs for what Node cannot unpack, by their packages. What they may use of memory is stated, and held to. */
const programs = {
  xz: { words: ['xz', '--decompress', '--stdout', '--format=xz', '--memlimit-decompress=1GiB'], packages: 'xz-utils' },
  zstd: { words: ['zstd', '--decompress', '--stdout', '--quiet', '--memory=1024MB'], packages: 'zstd' },
} as const

/** On Linux a program dies with us, gains no rights, and has 2 GiB of address space at most. */
const confinement =
  process.platform === 'linux'
    ? [
        'setpriv',
        '--pdeathsig',
        'KILL',
        '--no-new-privs',
        'prlimit',
        `--as=${2 * 2 ** 30}`,
        '--core=0',
        '--fsize=0',
        '--',
      ]
    : []

/**
 * Unpacks a stream. Throws what the bytes are damaged by, CommandFailed when a program for them is not installed, and
 * whatever the source does. How much comes out is for the caller to bound.
 */
export function decompressed(format: Compression, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  return format === 'gzip' ? gunzipped(source) : byProgram(format, source)
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacking = createGunzip()
  // Whatever fails destroys the other side with the reason, which is then thrown below.
  pipeline(source, unpacking).catch(() => undefined)
  yield* unpacking
}

async function* byProgram(format: 'xz' | 'zstd', source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { words, packages } = programs[format]
  const [command = '', ...args] = [...confinement, ...words]
  const child = execa(command, args, {
    buffer: { stdout: false, stderr: true, ipc: false },
    reject: false,
    encoding: 'buffer',
    extendEnv: false,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
  })
  const fed = pipeline(source, child.stdin).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  )
  let isRead = false
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>
    isRead = true
  } finally {
    if (!isRead) child.kill('SIGKILL')
  }
  const [{ failed, exitCode, code, stderr }, unfed] = [await child, await fed]
  if (exitCode === 127 || code === 'ENOENT') {
    throw new CommandFailed(
      `${format} is needed to unpack this: type "apt-get install ${packages}", or what your system has`,
    )
  }
  if (failed)
    throw new CommandFailed(
      Buffer.from(stderr ?? [])
        .toString('utf8')
        .trim() || `${format} failed`,
    )
  // A program that is content without all of its input closes the pipe.
  if (unfed && unfed.code !== 'EPIPE') throw unfed
}
