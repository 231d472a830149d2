import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder } from '../../emulator/state/files.ts'
import { adminCall, type DataFolder } from './data-folder.ts'
import { shellText, variables } from './env.ts'

/** Where the data folder notes the folder that `eucarc` wrote last. */
const note = ({ data }: DataFolder) => join(data, 'eucarc-folder')

/**
 * Writes the classic folder of credentials: eucarc, the user's certificate and private key, made now and registered
 * with the account, and the cloud's certificate. The private key is nowhere else. Returns the path of eucarc.
 */
export async function writeEucarc(folder: DataFolder, target: string): Promise<string> {
  const directory = resolve(target)
  await makeFolder(directory, 0o700)
  const made = await adminCall<{ privateKey: string; certificate: string }>(folder, 'certificates', {
    accountId: folder.accountId,
  })
  const secret = (path: string, content: string) => writeFile(path, content, { mode: 0o600 })
  await secret(join(directory, 'user-pk.pem'), made.privateKey)
  await secret(join(directory, 'user-cert.pem'), made.certificate)
  await copyFile(folder.cloudCertificate, join(directory, 'cloud-cert.pem'))
  const eucarc = join(directory, 'eucarc')
  await secret(eucarc, shellText(variables(folder, directory), 'sh'))
  await secret(note(folder), directory)
  return eucarc
}

/** The folder that `writeEucarc` wrote last for this data folder, if any. */
export async function eucarcFolder(folder: DataFolder): Promise<string | undefined> {
  try {
    return await readFile(note(folder), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
