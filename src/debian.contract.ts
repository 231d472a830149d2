import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { type BuiltFixture, defaultCache } from '../fixtures/catalog.ts'
import { buildDebian } from '../fixtures/debian-12/build.ts'
import type { ImageKind } from './bundle/manifest.ts'
import { bundleAndUpload } from './client/bundle-image.ts'
import { type Parameters, type QueryClient, queryClient } from './client/ec2.ts'
import { list, text } from './client/xml.ts'
import { adminCall, readDataFolder } from './commands/data-folder.ts'
import { type ReachedInstance, sshArguments } from './commands/ssh.ts'
import { type Emulator, type StartOptions, startEmulator } from './index.ts'
import { until } from './program.contract.ts'

/** Seconds from a launch to a login or to cloud-init's end on a busy machine under software emulation; 60 to 90 on an idle
 * one. */
const patience = 900

/** The kinds that Debian 12 is built as. */
export type DebianKind = BuiltFixture['virtualization']

/** A fresh emulator on which Debian 12 is launched. */
export interface DebianCloud {
  readonly ec2: QueryClient
  readonly emulator: Emulator
  readonly data: string
  readonly built: readonly BuiltFixture[]
}

/** Builds Debian 12 where it is missing, and starts an emulator with one security group that opens port 22. */
export async function openDebianCloud(options: StartOptions = {}): Promise<DebianCloud> {
  const built = await buildDebian({ cache: defaultCache(), onProgress: ({ step }) => console.error(step) })
  const data = await mkdtemp(join(tmpdir(), 'euca-emu-debian-'))
  const emulator = await startEmulator({ data, port: 0, catalog: false, stopGrace: 0, ...options })
  const { accessKeyId, secretAccessKey } = emulator.credentials
  const endpoint = `${emulator.url}/services/compute`
  const signer = { accessKeyId, secretAccessKey, region: 'eucalyptus' }
  const ec2 = queryClient({ ...signer, endpoint, service: 'ec2', version: '2015-10-01' })
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
  await ec2.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', IpPermissions })
  return { ec2, emulator, data, built }
}

/** Ends the emulator, its guests with it, and removes what it kept. */
export async function closeDebianCloud({ emulator, data }: DebianCloud): Promise<void> {
  await emulator.stop()
  await rm(data, { recursive: true, force: true })
}

/** Bundles, uploads and registers Debian of a kind as any client would, and gives the machine image's id. */
export async function registerDebian({ ec2, emulator, built }: DebianCloud, kind: DebianKind): Promise<string> {
  const { accessKeyId, secretAccessKey, accountId } = emulator.credentials
  const s3 = { endpoint: `${emulator.url}/services/objectstorage`, accessKeyId, secretAccessKey, region: 'eucalyptus' }
  const described = { accountId, cloudCertificate: emulator.cloudCertificate, architecture: 'x86_64', s3 } as const
  const add = async (image: string, role: string, kind: ImageKind, also: Parameters = {}) => {
    const { location } = await bundleAndUpload({ ...described, kind, image, name: role, bucket: 'debian-12' })
    const answer = await ec2.call('RegisterImage', { Name: `debian-12-${role}`, ImageLocation: location, ...also })
    return text(answer, 'imageId') ?? ''
  }
  const fixture = built.find(({ virtualization }) => virtualization === kind)
  if (fixture?.virtualization === 'hvm') {
    return add(fixture.files.disk, 'disk', 'machine', { VirtualizationType: 'hvm', Architecture: 'x86_64' })
  }
  if (!fixture) throw new Error(`Debian 12 was not built as ${kind}`)
  const KernelId = await add(fixture.files.kernel, 'kernel', 'kernel')
  const RamdiskId = await add(fixture.files.ramdisk, 'ramdisk', 'ramdisk')
  return add(fixture.files.root, 'root', 'machine', { KernelId, RamdiskId, Architecture: 'x86_64' })
}

/** A launched Debian, and the file of the private key that CreateKeyPair gave for it. */
export interface DebianGuest {
  readonly id: string
  readonly identity: string
}

/** A new key pair: its name, and the file of its private key. */
export async function makeKeyPair({ ec2, data }: DebianCloud): Promise<{ name: string; identity: string }> {
  const name = `debian-${randomBytes(4).toString('hex')}`
  const identity = join(data, `${name}.pem`)
  const material = text(await ec2.call('CreateKeyPair', { KeyName: name }), 'keyMaterial')
  await writeFile(identity, `${material}\n`, { mode: 0o600 })
  return { name, identity }
}

/** Runs one m1.medium (512 MiB) with a key pair of its own; answers when the cloud does. `userData` is text. */
export async function runDebian(cloud: DebianCloud, ImageId: string, userData: string): Promise<DebianGuest> {
  const { name, identity } = await makeKeyPair(cloud)
  const UserData = Buffer.from(userData).toString('base64')
  const asked = { ImageId, KeyName: name, UserData, InstanceType: 'm1.medium', MinCount: 1, MaxCount: 1 }
  const id = text(list(await cloud.ec2.call('RunInstances', asked), 'instancesSet')[0], 'instanceId') ?? ''
  return { id, identity }
}

/** What shell prints in a guest, as the user debian, by ssh. Throws what ssh says. */
export async function inDebian({ data }: DebianCloud, guest: DebianGuest, script: string): Promise<string> {
  const reached = await adminCall<ReachedInstance>(await readDataFolder(data), `instances/${guest.id}`)
  const login = sshArguments(reached, { user: 'debian', identity: guest.identity, command: [script] })
  const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30']
  const { stdout } = await execa('ssh', [...options, ...login], { stdin: 'ignore', timeout: patience * 1000 })
  return stdout.trim()
}

/** The console of a guest so far. */
export async function consoleOf({ ec2 }: DebianCloud, { id }: DebianGuest): Promise<string> {
  const output = text(await ec2.call('GetConsoleOutput', { InstanceId: id }), 'output')
  return Buffer.from(output ?? '', 'base64').toString('latin1')
}

/** Waits until one can log in. Throws with the end of the console when that takes too long. */
export async function untilLogin(cloud: DebianCloud, guest: DebianGuest): Promise<void> {
  let refusal: unknown
  const attempt = () =>
    inDebian(cloud, guest, 'true').catch((error) => {
      refusal = error
      if (/ is (shutting-down|terminated)/.test(String(error))) throw error
      return undefined
    })
  try {
    await until(`a login at ${guest.id}`, attempt, patience)
  } catch (error) {
    const console = await consoleOf(cloud, guest)
    throw new Error(`${error}; its console ends with:\n${console.slice(-3000)}`, { cause: refusal })
  }
}

/** Ends an instance and waits for its end. */
export async function endDebian({ ec2 }: DebianCloud, { id }: DebianGuest): Promise<void> {
  await ec2.call('TerminateInstances', { InstanceId: [id] })
  await until(`the end of ${id}`, async () => {
    const reservation = list(await ec2.call('DescribeInstances', { InstanceId: [id] }), 'reservationSet')[0]
    const state = text(list(reservation, 'instancesSet')[0], 'instanceState', 'name')
    return state === 'terminated' || state === undefined ? 'over' : undefined
  })
}
