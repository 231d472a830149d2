import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { list, text } from '../client/xml.ts'
import { untilBooted } from './console.ts'
import { expectClosed } from './door.ts'
import { findDisk, inGuest, type Login, writeOntoDisk } from './guest.ts'
import { type MarkedImage, register, registerBoth } from './images.ts'
import { run, stopAndStart, terminate } from './instances.ts'
import { ProofFailed, type Proofs } from './proofs.ts'
import type { Tour } from './tour.ts'
import { attach, makeSnapshot, makeVolume, serialOf, untilFree } from './volumes.ts'

/** The key pair of the tour, by its name and the file of its private key. */
interface Key {
  readonly name: string
  readonly file: string
}

/** Throws ProofFailed unless what a guest says is what is expected. */
function expectSeen(what: string, seen: unknown, expected: unknown): void {
  if (seen !== expected) throw new ProofFailed(`${what}: expected ${expected}`, String(seen))
}

/** Makes a key pair and keeps its private key. */
async function makeKey({ ec2, folder, say }: Tour): Promise<Key> {
  const name = 'tour'
  const answer = await ec2.call('CreateKeyPair', { KeyName: name })
  const file = join(folder, 'key.pem')
  await writeFile(file, `${text(answer, 'keyMaterial')}\n`, { mode: 0o600 })
  say(`key pair ${name} is made`)
  return { name, file }
}

/** What lets clients in at port 22 of all instances, once: whichever of them has booted first shows that it was closed. */
function doorOf(tour: Tour, { prove }: Proofs): (instance: string) => Promise<void> {
  let opened: Promise<void> | undefined
  const open = async (instance: string) => {
    await prove('closed', () => expectClosed(tour, instance))
    const ssh = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' }
    await tour.ec2.call('AuthorizeSecurityGroupIngress', { GroupName: 'default', ...ssh })
    tour.say('the group default opens port 22')
  }
  return (instance) => {
    opened ??= open(instance)
    return opened
  }
}

/** Runs an instance of a marked image and proves that its bytes are what booted, for the first time. */
async function bootMarked(tour: Tour, image: MarkedImage, key: Key): Promise<Login> {
  const { id } = await run(tour, image.id, key.name)
  const { nonce } = await untilBooted(tour, id, { bootLine: tour.hvm.bootLine, bootCount: 1 })
  expectSeen(`the words in the image of ${id}`, nonce, image.nonce)
  return { instance: id, key: key.file }
}

const askForId = 'wget -q -O - http://169.254.169.254/latest/meta-data/instance-id'

/** What both ways have: the images, the key, and how port 22 is opened. */
interface Luggage {
  readonly images: Record<'hvm' | 'paravirtual', MarkedImage>
  readonly key: Key
  readonly openDoor: (instance: string) => Promise<void>
}

/** The way of the disk image: log in, plug a volume in, write on both disks, end; see in another instance what is left. */
async function wayOfTheDisk(tour: Tour, { prove }: Proofs, { images, key, openDoor }: Luggage): Promise<void> {
  const image = images.hvm
  const sentence = randomBytes(8).toString('hex')
  const volume = await makeVolume(tour)
  const first = await prove('hvm', () => bootMarked(tour, image, key))
  await openDoor(first.instance)
  await prove('ssh', async () => {
    const where = await tour.login(first.instance, first.key)
    tour.say(`ssh ${where.slice(-3).join(' ')}`)
    expectSeen(`the id that the guest of ${first.instance} has`, await inGuest(tour, first, askForId), first.instance)
  })
  await prove('plugged', async () => {
    await attach(tour, volume, first.instance)
    const sectors = await inGuest(tour, first, `${findDisk(serialOf(volume))}\ncat /sys/block/$disk/size`)
    expectSeen(`the size of ${volume} in ${first.instance}, in sectors`, sectors, String(2 ** 30 / 512))
  })
  await inGuest(
    tour,
    first,
    `${findDisk(serialOf(volume))}
    mke2fs /dev/$disk && mount -t ext4 /dev/$disk /mnt && echo ${sentence} > /mnt/written && umount /mnt &&
    echo ${sentence} > /root/written && sync`,
  )
  tour.say(`${first.instance} wrote a file on ${volume} and one on its own disk`)
  await terminate(tour, first.instance)
  await untilFree(tour, volume)
  const second = await prove('instanceStore', async () => {
    const next = await bootMarked(tour, image, key)
    expectSeen(`/root of ${next.instance}`, await inGuest(tour, next, 'ls /root'), '')
    return next
  })
  await prove('volume', async () => {
    await attach(tour, volume, second.instance)
    const read = `${findDisk(serialOf(volume))}\nmount -t ext4 /dev/$disk /mnt && cat /mnt/written && umount /mnt`
    expectSeen(`the file on ${volume}`, await inGuest(tour, second, read), sentence)
  })
}

/** Runs an instance from a snapshot and proves that its root is a volume, made from the snapshot. */
async function bootFromSnapshot(tour: Tour, snapshot: string, image: MarkedImage, key: Key): Promise<Login> {
  const root = { DeviceName: '/dev/sda', Ebs: { SnapshotId: snapshot, DeleteOnTermination: true } }
  const disk = { Name: 'from-snapshot', Architecture: 'x86_64', VirtualizationType: 'hvm', RootDeviceName: '/dev/sda' }
  const id = await register(tour, { ...disk, BlockDeviceMapping: [root] })
  tour.say(`${id} is ${snapshot}`)
  const { id: instance, instance: described } = await run(tour, id, key.name)
  expectSeen(`the root device type of ${instance}`, text(described, 'rootDeviceType'), 'ebs')
  const volume = text(list(described, 'blockDeviceMapping')[0], 'ebs', 'volumeId')
  const { ec2 } = tour
  const from = list(await ec2.call('DescribeVolumes', { VolumeId: [volume] }), 'volumeSet')[0]
  expectSeen(`the snapshot of ${volume}, the root of ${instance}`, text(from, 'snapshotId'), snapshot)
  const { nonce } = await untilBooted(tour, instance, { bootLine: tour.hvm.bootLine, bootCount: 1 })
  expectSeen(`the words on the root of ${instance}`, nonce, image.nonce)
  return { instance, key: key.file }
}

/** Stops and starts an instance that runs from a volume, and proves that its disk is the one that it had. */
async function keepOverAStop(tour: Tour, login: Login): Promise<void> {
  const sentence = randomBytes(8).toString('hex')
  await inGuest(tour, login, `echo ${sentence} > /root/written && sync`)
  await stopAndStart(tour, login.instance)
  await untilBooted(tour, login.instance, { bootLine: tour.hvm.bootLine, bootCount: 2 })
  expectSeen(`the file in ${login.instance}`, await inGuest(tour, login, 'cat /root/written'), sentence)
}

/** The way of the root image: its guest is given a disk image for a volume; a snapshot of that boots. */
async function wayOfTheRoot(tour: Tour, { prove }: Proofs, { images, key, openDoor }: Luggage): Promise<void> {
  const volume = await makeVolume(tour)
  const builder = await prove('paravirtual', () => bootMarked(tour, images.paravirtual, key))
  await openDoor(builder.instance)
  const snapshot = await prove('snapshot', async () => {
    await attach(tour, volume, builder.instance)
    await writeOntoDisk(tour, builder, serialOf(volume), images.hvm.file)
    return makeSnapshot(tour, volume)
  })
  await terminate(tour, builder.instance)
  const instance = await prove('fromSnapshot', () => bootFromSnapshot(tour, snapshot, images.hvm, key))
  await prove('stopped', () => keepOverAStop(tour, instance))
}

/** Walks the mission, two guests at a time. Rejects with the first failure, when nothing goes on any more. */
export async function walk(tour: Tour, proofs: Proofs): Promise<void> {
  const failed = new AbortController()
  const one = { ...tour, signal: AbortSignal.any([tour.signal, failed.signal]) }
  const images = await proofs.prove('registration', () => registerBoth(one))
  const luggage = { images, key: await makeKey(one), openDoor: doorOf(one, proofs) }
  const ways = [wayOfTheDisk(one, proofs, luggage), wayOfTheRoot(one, proofs, luggage)]
  try {
    await Promise.all(ways)
  } catch (error) {
    failed.abort()
    await Promise.allSettled(ways)
    throw error
  }
}
