import { chmod, mkdir, open, readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Every path below the data folder, each named once.
 *
 * Nothing else in the emulator builds a path from the data folder, so this is the place to look for where a file lands.
 */
export function dataFiles(data: string) {
  return {
    /** The data folder itself, 0700. */
    data,
    /** Held with flock(2) while an emulator runs on this folder. */
    lock: join(data, 'LOCK'),
    /** The running emulator's URL and process, for `env`, `account create` and other commands. */
    endpoint: join(data, 'endpoint.json'),
    /** The administrator's access key and the token of the admin calls, 0600. */
    credentials: join(data, 'credentials.json'),
    /** The cloud's own key pair: bundles are encrypted for its certificate. */
    cloudKey: join(data, 'cloud-pk.pem'),
    cloudCertificate: join(data, 'cloud-cert.pem'),
    /** The authority that signs the certificates of TLS: its key with its certificate, 0600, and what clients trust. */
    tlsAuthorityKey: join(data, 'tls-authority-key.pem'),
    tlsAuthority: join(data, 'tls-authority.pem'),
    /** Control-plane records: one readable JSON document and its journal. */
    records: join(data, 'records'),
    /** Object Storage: index and bytes. */
    objects: join(data, 'objects'),
    /** Volumes and snapshots. */
    storage: join(data, 'storage'),
    /** Images unpacked from their bundles, read-only, shared by all instances. */
    images: join(data, 'images'),
    /** A folder for each machine on which an installer fills a disk. */
    installations: join(data, 'installations'),
    /** Disk files on their way in or out, while they are converted. */
    conversions: join(data, 'conversions'),
    /** One folder for each machine; it is gone when the instance is. */
    machines: join(data, 'machines'),
    machine: (instanceId: string) => {
      const folder = join(data, 'machines', instanceId)
      return {
        folder,
        /** The root disk of an instance-store instance: an overlay on the unpacked image. */
        root: join(folder, 'root.qcow2'),
        /** Further ephemeral disks, for types that have more than one. */
        ephemeral: (index: number) => join(folder, `ephemeral${index}.qcow2`),
        /** What the guest writes on its serial console. */
        console: join(folder, 'console.log'),
        /** The console of the boot before the last reboot. */
        oldConsole: join(folder, 'console.log.old'),
        /** What the UEFI firmware keeps of a machine that starts by it; it outlasts a stop. */
        uefiVariables: join(folder, 'uefi-variables.fd'),
      }
    },
    /** Which accelerator the probe chose on this host. */
    accelerator: join(data, 'accelerator.json'),
  }
}

/** The paths of one data folder. */
export type DataFiles = ReturnType<typeof dataFiles>

/** Whether there is a folder. Throws what else than its absence keeps the system from telling, and when it is a file. */
async function folderExists(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  const about = { code: 'ENOTDIR', syscall: 'mkdir', path }
  throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), about)
}

/**
 * Makes a folder, and those above it that are missing. Throws the system's first refusal: Node's own recursive mkdir goes
 * round for ever where the parent is there and takes no folder, as /proc does.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  if (await folderExists(path)) return
  await makeFolder(dirname(path), mode)
  try {
    await mkdir(path, mode)
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Makes a folder that only its owner may enter. One that is there is closed to others too when it is ours: empty, or a
 * data folder. What else is in it, as in /tmp, may be there for others.
 */
export async function privateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700)
  const { mode, uid } = await stat(path)
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return
  const names = await readdir(path)
  if (names.length === 0 || names.includes(basename(dataFiles(path).lock))) await chmod(path, 0o700)
}

/** Has what a file holds on the host's disk: bytes that others wrote to it survive power loss only after this. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the names in a folder durable: a rename or a new file survives power loss only after this. */
export function syncFolder(path: string): Promise<void> {
  return syncFile(path)
}

/** Replaces a small file in one step, synced to disk, 0600 unless told otherwise. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', mode)
  try {
    await file.chmod(mode)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}
