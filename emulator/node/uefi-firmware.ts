import { constants } from 'node:fs'
import { access, readdir, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { replaceFile } from '../state/files.ts'

/** A UEFI firmware for QEMU's `pc` machine, as raw images of flash memory. */
export interface UefiFirmware {
  /** Its program, shared by all machines. */
  code: string
  /** The variables of a machine that was never started; each machine writes to a copy of its own. */
  variables: string
}

/** What a person reads where there is none. */
export const uefiMissing =
  'QEMU has no UEFI firmware here: type "apt-get install ovmf" (Debian, Ubuntu), "dnf install edk2-ovmf" (Fedora) or ' +
  '"brew install qemu" (macOS)'

/** Where firmware describes itself on this host, the folder that goes before the others first (QEMU's docs/interop/firmware.json). */
const descriptionFolders = (binary: string): string[] => [
  '/etc/qemu/firmware',
  join(dirname(dirname(binary)), 'share/qemu/firmware'),
  '/usr/share/qemu/firmware',
]

/** The best firmware that describes itself in `folders`, by default in those of this QEMU; undefined when there is none. */
export async function findUefiFirmware(
  binary: string,
  folders = descriptionFolders(binary),
): Promise<UefiFirmware | undefined> {
  const files = new Map<string, string>()
  for (const folder of folders) {
    for (const name of await namesIn(folder)) {
      if (name.endsWith('.json') && !files.has(name)) files.set(name, join(folder, name))
    }
  }
  // A file of the same name in an earlier folder takes a later one's place; of different ones the lowest name is the best.
  for (const [, file] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const firmware = firmwareOf(await readFile(file, 'utf8'))
    if (firmware && (await isReadable(firmware.code)) && (await isReadable(firmware.variables))) return firmware
  }
  return undefined
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const isReadable = (file: string) =>
  access(file, constants.R_OK).then(
    () => true,
    () => false,
  )

interface Description {
  'interface-types'?: string[]
  mapping?: {
    device?: string
    mode?: string
    executable?: { filename?: string; format?: string }
    'nvram-template'?: { filename?: string; format?: string }
  }
  targets?: { architecture?: string; machines?: string[] }[]
  features?: string[]
}

/** What a description says of a firmware that our machines can have; undefined for others, and for what is no description. */
function firmwareOf(text: string): UefiFirmware | undefined {
  let description: Description
  try {
    description = JSON.parse(text) as Description
  } catch {
    // An empty file is how an administrator hides the firmware that a later folder describes.
    return undefined
  }
  const { mapping, targets = [], features = [] } = description
  const { executable, 'nvram-template': template } = mapping ?? {}
  const [code, variables] = [executable?.filename ?? '', template?.filename ?? '']
  const fits =
    description['interface-types']?.includes('uefi') &&
    mapping?.device === 'flash' &&
    // Not one whose program and variables are in one file.
    (mapping.mode ?? 'split') === 'split' &&
    executable?.format === 'raw' &&
    template?.format === 'raw' &&
    targets.some(({ architecture, machines = [] }) => architecture === 'x86_64' && machines.includes('pc-i440fx-*')) &&
    !features.includes('requires-smm')
  return fits && isAbsolute(code) && isAbsolute(variables) ? { code, variables } : undefined
}

/** Makes the file of a machine's variables, 0600, unless it is there: whole or not at all. */
export async function provideVariables({ variables }: UefiFirmware, target: string): Promise<void> {
  if (!(await isReadable(target))) await replaceFile(target, await readFile(variables), 0o600)
}
