import { realpathSync } from 'node:fs'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { shellWord } from './quoting.ts'

/** How this process was started. */
export interface Started {
  /** The script that Node was given; undefined when there was none. */
  readonly script: string | undefined
  readonly cwd: string
  /** As in the environment: folders of programs. */
  readonly path: string
}

const name = 'euca-emu'

/** Where npm puts the programs of packages: its folder is in PATH only for what npm runs. */
const isNpmFolder = (folder: string) => folder.endsWith(join('node_modules', '.bin'))

/** The file behind symbolic links; undefined when there is none. */
function realFile(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/**
 * What a person types to run this program again, quoted for sh: `euca-emu` where a shell finds it, `npx euca-emu` where
 * npm does, else Node and the script, as from a clone. A script that is not ours (a test, a program that imports us)
 * gets the plain name.
 */
export function programName(
  { script, cwd, path }: Started = {
    script: process.argv[1],
    cwd: process.cwd(),
    path: process.env['PATH'] ?? '',
  },
): string {
  if (script === undefined || !['cli.js', name].includes(basename(script))) return name
  if (isNpmFolder(dirname(script))) return `npx ${name}`
  const own = realFile(script)
  const folder = path.split(delimiter).find((one) => own !== undefined && realFile(join(one, name)) === own)
  if (folder !== undefined) return isNpmFolder(folder) ? `npx ${name}` : name
  const near = relative(cwd, script)
  const file = shellWord(near.startsWith('..') ? script : near)
  return basename(script) === name ? file : `node ${file}`
}
