import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { dataFiles } from '../../emulator/state/files.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { type Environment, readEucarcOf } from '../client/eucarc.ts'
import { readIni, type Sections } from '../client/ini.ts'
import { awsProfile, eucalyptusProfile } from '../client/profiles.ts'
import { cloudAccess, type FoundCloud } from './cloud-access.ts'
import { CommandFailed, readDataFolder } from './data-folder.ts'
import { variables } from './env.ts'
import { eucarcFolder } from './eucarc.ts'

/** Where profiles are looked for. */
interface Machine {
  readonly home: string
  readonly environment: Environment
}

/**
 * The cloud that `where` names: the path of an eucarc or of a folder with one, the data folder of an emulator, the word
 * `env` for the environment's variables, else a profile of euca2ools (`[USER@]REGION`) or of AWS' clients. Without it,
 * the emulator on the data folder `data`. Throws CommandFailed.
 */
export async function findCloud(
  where: string | undefined,
  data: string,
  machine: Machine = thisMachine,
): Promise<CloudAccess> {
  return cloudAccess(await locateCloud(where, data, machine))
}

const thisMachine: Machine = { home: homedir(), environment: process.env }

/** The cloud that `findCloud` would give access to, by its variables. Throws CommandFailed. */
export async function locateCloud(
  where: string | undefined,
  data: string,
  machine: Machine = thisMachine,
): Promise<FoundCloud> {
  if (where === undefined) return ofDataFolder(data)
  if (where === 'env') return { name: 'the environment', environment: machine.environment }
  const path = resolve(where)
  const found = await kindOf(path)
  if (found === 'folder') {
    const eucarc = join(path, 'eucarc')
    return (await kindOf(eucarc)) === 'file' ? ofEucarc(eucarc, machine) : ofDataFolder(path)
  }
  if (found === 'file') return ofEucarc(path, machine)
  const environment = await ofProfile(where, machine)
  if (environment) return { name: where, environment }
  throw new CommandFailed(`there is no file, data folder or profile ${where}`)
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

const isAbsent = (error: unknown) => /^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')

async function ofDataFolder(data: string): Promise<FoundCloud> {
  // Our own client asks on this machine, and in the open: it does not know the authority of TLS.
  const { secure: _, ...folder } = await readDataFolder(data)
  // The folder that `eucarc` wrote may be gone by now; the cloud does without.
  const noted = await eucarcFolder(folder)
  const certificates = noted !== undefined && (await kindOf(noted)) === 'folder' ? noted : undefined
  const environment = {
    ...Object.fromEntries(variables(folder, certificates)),
    EUCALYPTUS_CERT: folder.cloudCertificate,
  }
  return { name: folder.url, environment, cloudKey: dataFiles(data).cloudKey }
}

async function ofEucarc(path: string, { environment }: Machine): Promise<FoundCloud> {
  return { name: path, environment: readEucarcOf(dirname(path), await readFile(path, 'utf8'), environment) }
}

async function ofProfile(name: string, { home, environment }: Machine): Promise<Environment | undefined> {
  const folders = ['/etc/euca2ools/conf.d', join(home, '.euca')]
  const inFolders = await Promise.all(folders.map(iniFiles))
  const regions = await sectionsOf(['/etc/euca2ools/euca2ools.ini', ...inFolders.flat()])
  return eucalyptusProfile(regions, name) ?? ofAws(name, { home, environment })
}

/** A profile of AWS' clients; undefined when there is none of that name. */
async function ofAws(name: string, { home, environment }: Machine): Promise<Environment | undefined> {
  const config = await sectionsOf([environment['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config')])
  const credentials = await sectionsOf([
    environment['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials'),
  ])
  return awsProfile(config, credentials, name)
}

/** The cloud of a profile of AWS' clients, and of no other. Throws CommandFailed when there is none. */
export async function locateAws(name: string, machine: Machine = thisMachine): Promise<FoundCloud> {
  const environment = await ofAws(name, machine)
  if (environment) return { name, environment }
  throw new CommandFailed(`there is no profile ${name} of AWS' clients, or it has no keys`)
}

async function iniFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error) => {
    if (isAbsent(error)) return []
    throw error
  })
  return names
    .filter((name) => name.endsWith('.ini'))
    .sort()
    .map((name) => join(folder, name))
}

/** The settings of all files that are there. */
async function sectionsOf(files: readonly string[]): Promise<Sections> {
  const texts = files.map(async (file) => {
    try {
      return await readFile(file, 'utf8')
    } catch (error) {
      if (isAbsent(error)) return ''
      throw error
    }
  })
  return readIni((await Promise.all(texts)).join('\n'))
}
