import { mkdtemp, open, rename, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, extname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Installation, type InstallationSettings, startInstallation } from '../../emulator/installation.ts'
import { makeInstallationFolder } from '../../emulator/installation-folder.ts'
import type { Terminal } from './console.ts'
import { CommandFailed, type DataFolder } from './data-folder.ts'
import { addImage, checkName } from './image-add.ts'
import { checkFiles } from './image-pieces.ts'
import { Left, typeAlong } from './keyboard.ts'
import { programName } from './program-name.ts'
import { shellWord } from './quoting.ts'

/** What `image build` is told. */
export interface ImageToBuild {
  readonly iso: string
  /** Of the disk, in bytes. */
  readonly size: number
  /** By default the ISO image's own. */
  readonly name?: string
  readonly bucket: string
  readonly accelerator: InstallationSettings['accelerator']
}

/** What an installer gets to work with: more than the smallest instance types have, as unpacking takes memory. */
const memoryMiB = 2048
const cpus = Math.min(2, availableParallelism())

/**
 * Starts a machine with an ISO image and an empty disk, shows its serial console and lets type on it, and registers the
 * disk as an image when the machine switches itself off. Returns the image's id. Throws CommandFailed when the installer
 * leaves no disk that boots; a disk that was made but not registered is kept, and its place is told.
 */
export async function buildImage(
  folder: DataFolder,
  { iso, size, name = basename(iso, extname(iso)), bucket, accelerator }: ImageToBuild,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  // What would be refused in the end is refused before the installer is waited for.
  await checkFiles([{ file: iso }])
  await checkName(folder, name)
  const { path: work, release } = await makeInstallationFolder(folder.data)
  const disk = join(work, 'disk.raw')
  try {
    await makeEmptyDisk(disk, size)
    const machine = { iso: resolve(iso), disk, folder: work, data: folder.data, accelerator, memoryMiB, cpus }
    await install(await startInstallation(machine, signal), terminal, signal)
    await demandBootable(disk)
    const image = { files: [disk], type: 'hvm', name, bucket, architecture: 'x86_64' } as const
    const [made] = await addImage(folder, image, signal).catch(async (error: unknown) => {
      const kept = await keep(disk, folder.data)
      const command = `${programName()} image add ${shellWord(kept)} --type hvm --name ${shellWord(name)}`
      terminal.notes.write(`The installed disk is kept; this registers it: ${command}\n`)
      throw error
    })
    return made?.id ?? ''
  } finally {
    await rm(work, { recursive: true })
    release()
  }
}

/** Puts a disk where it stays until somebody removes it; returns its path there. */
async function keep(disk: string, data: string): Promise<string> {
  const kept = join(await mkdtemp(join(data, 'installed-')), basename(disk))
  await rename(disk, kept)
  return kept
}

async function makeEmptyDisk(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  await file.truncate(bytes)
  await file.close()
}

/** Shows an installation until it switches itself off. Throws when it ends in another way, or is given up. */
async function install(installation: Installation, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { input, output, notes } = terminal
  const isInteractive = input.isTTY && output.isTTY === true
  const givenUp = new AbortController()
  const either = AbortSignal.any([signal, givenUp.signal])
  const end = () => void installation.end()
  either.addEventListener('abort', end, { once: true })
  notes.write(`The installer runs. Its screen: vncviewer ${shellWord(installation.vnc)}\r\n`)
  if (isInteractive) notes.write('Its serial console is this terminal; Ctrl-] gives up.\r\n')
  const letGo = isInteractive ? typeAlong(input, installation.type, (reason) => givenUp.abort(reason)) : undefined
  try {
    if (either.aborted) end()
    await pipeline(Readable.from(installation.console()), output, { end: false })
    const { reason, detail } = await installation.ended
    signal.throwIfAborted()
    if (givenUp.signal.reason instanceof Left) throw new CommandFailed('given up: nothing was registered')
    if (reason !== 'power-off') throw new CommandFailed(`the machine of the installer broke: ${detail}`)
  } finally {
    letGo?.()
    await installation.end()
  }
}

/** Throws CommandFailed for a disk whose first sector no firmware would start from. */
async function demandBootable(disk: string): Promise<void> {
  const file = await open(disk)
  const signature = Buffer.alloc(2)
  await file.read(signature, 0, 2, 510)
  await file.close()
  if (signature.readUInt16BE() !== 0x55aa) {
    throw new CommandFailed(
      'the installer has switched itself off, but the disk has no boot loader: nothing was registered',
    )
  }
}
