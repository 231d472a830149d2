import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { list, text } from '../src/client/xml.ts'
import { type Emulator, startEmulator } from '../src/index.ts'
import { emulatorTarget } from './emulator-target.ts'
import { consoleOf, resultsOn } from './guest.ts'
import { registerSnapshot } from './images.ts'
import { findInstance, runInstance, untilRunning, untilState, untilTerminated } from './instances.ts'
import { blank, type Marks, markingGuest, marksOf } from './marks.ts'
import { registerStarter, starterImage } from './starter.ts'
import { newRunId, openTools, type Tools } from './tools.ts'
import { attachVolume, findVolume, makeSnapshot, makeVolume, untilVolume } from './volumes.ts'

/** What no client of a cloud can do to it: its host ends, its processes are killed, the files of its disks are looked at. */

let folder: string
let scratch: string
let emulator: Emulator
let tools: Tools
let clear: () => Promise<string[]>

const start = (port: number) => startEmulator({ data: folder, port, catalog: false, stopGrace: 0, accelerator: 'tcg' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'euca-emu-disks-'))
  scratch = await mkdtemp(join(tmpdir(), 'euca-emu-scratch-'))
  emulator = await start(0)
  const target = await emulatorTarget(emulator, { fidelity: 'eucalyptus', boots: true, timeScale: 3 })
  // A type with two disks.
  const instanceType = { name: 'm1.large', diskGiB: 10 }
  ;({ tools, clear } = openTools({ ...target, instanceType }, newRunId()))
})
afterAll(async () => {
  await emulator?.stop()
  for (const each of [folder, scratch]) await rm(each, { recursive: true, force: true })
})

/** The files of a disk, the deepest first, as QEMU takes them. */
async function image(kind: 'volumes' | 'snapshots', id: string): Promise<string> {
  const parent = join(folder, 'storage', kind)
  const number = (name: string) => Number(name.split('.')[1])
  const names = (await readdir(parent)).filter((name) => name.startsWith(`${id}.`))
  let node: object | null = null
  for (const name of names.sort((a, b) => number(a) - number(b))) {
    node = { driver: 'qcow2', file: { driver: 'file', filename: join(parent, name) }, backing: node }
  }
  return `json:${JSON.stringify(node)}`
}

/** A volume of 1 GiB that holds the bytes of a raw file. */
async function volumeOf(raw: string): Promise<string> {
  const id = await makeVolume(tools)
  await execa('qemu-img', [
    'convert',
    '-n',
    '-f',
    'raw',
    '-O',
    'qcow2',
    raw,
    join(folder, 'storage', 'volumes', `${id}.0.qcow2`),
  ])
  return id
}

/** Kills the machine of an instance as a host that runs out of memory does. */
function killMachine(id: string): void {
  const isIts = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, 3).join(' ').endsWith(`-name ${id}`)
    } catch {
      return false
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isIts(name))
  expect(pids).toHaveLength(1)
  process.kill(Number(pids[0]), 'SIGKILL')
}

test('snapshots of a volume that a guest writes are each a file system as a power cut leaves it', async () => {
  const raw = join(scratch, 'ext4')
  await writeFile(raw, '')
  await truncate(raw, 2 ** 30)
  await execa('mkfs.ext4', ['-q', '-F', '-O', '^metadata_csum,^64bit', raw])
  const volume = await volumeOf(raw)
  const writes = [
    'mount -t ext4 /dev/$new /mnt; result mounted $?',
    'n=0; while n=$((n + 1)); mkdir /mnt/$n; do head -c 300000 /dev/urandom > /mnt/$n/file',
    'rm -f /mnt/churn; head -c 900000 /dev/urandom > /mnt/churn',
    '[ $((n % 4)) = 0 ] && sync && result synced $n; done',
  ]
  const id = await runInstance(tools, {
    ImageId: await registerStarter(tools, 'hvm'),
    UserData: markingGuest({ 1: `another; ${writes.join('; ')}` }),
  })
  await untilRunning(tools, id)
  await marksOf(tools, id, 1, 2)
  await attachVolume(tools, volume, id, '/dev/sdf')
  const synced = async () => Number(resultsOn(await consoleOf(tools.administrator, id), 'synced').at(-1) ?? 0)
  let least = 0
  for (let copy = 1; copy <= 4; copy += 1) {
    const before = least
    least = await tools.until('the guest goes on writing', synced, (now) => now > before)
    const snapshot = await makeSnapshot(tools, volume)
    const file = join(scratch, snapshot)
    await execa('qemu-img', ['convert', '-O', 'raw', await image('snapshots', snapshot), file])
    // What the kernel does when it mounts: the journal is replayed. What is then wrong no journal can mend.
    const { exitCode = 8 } = await execa('e2fsck', ['-p', file], { reject: false })
    expect(exitCode).toBeLessThanOrEqual(1)
    const { stdout } = await execa('e2fsck', ['-fn', file])
    // Ten inodes are the file system's own, the eleventh is lost+found; each folder has one file.
    expect(Number(/(\d+)\/\d+ files/.exec(stdout)?.[1]) - 11).toBeGreaterThanOrEqual(2 * least)
    await rm(file)
  }
  await tools.administrator.ec2.call('DetachVolume', { VolumeId: volume, Force: true })
  await untilVolume(tools, volume, 'available')
  await tools.administrator.ec2.call('TerminateInstances', { InstanceId: [id] })
  await untilTerminated(tools, id)
})

/** The files of a volume, and the MiB that they take of the host's disk. */
async function filesOf(volume: string): Promise<{ count: number; MiB: number }> {
  const parent = join(folder, 'storage', 'volumes')
  const names = (await readdir(parent)).filter((name) => name.startsWith(volume))
  const found = await Promise.all(names.map((name) => stat(join(parent, name)).catch(() => undefined)))
  return { count: names.length, MiB: found.reduce((sum, file) => sum + (file?.blocks ?? 0), 0) / 2048 }
}

test('a volume that is rewritten between snapshots that are deleted takes no more room, in use and idle', async () => {
  const volume = await makeVolume(tools)
  const writes = [
    'head -c 4194304 /dev/urandom > /tmp/first; dd if=/tmp/first of=/dev/$new bs=1M seek=16 conv=fsync',
    'n=0; while n=$((n + 1)); head -c 4194304 /dev/urandom > /tmp/last; do',
    'dd if=/tmp/last of=/dev/$new bs=1M conv=fsync; echo 3 > /proc/sys/vm/drop_caches',
    'dd if=/dev/$new bs=1M count=4 | cmp - /tmp/last && dd if=/dev/$new bs=1M count=4 skip=16 | cmp - /tmp/first',
    'result kept $? $n; done',
  ]
  const script = writes.join('; ').replaceAll('do; dd', 'do dd')
  const id = await runInstance(tools, {
    ImageId: await registerStarter(tools, 'hvm'),
    UserData: markingGuest({ 1: `another; ${script}` }),
  })
  await untilRunning(tools, id)
  await marksOf(tools, id, 1, 2)
  await attachVolume(tools, volume, id, '/dev/sdf')
  const kept = async () => resultsOn(await consoleOf(tools.administrator, id), 'kept')
  let rounds = 0
  const goesOn = () => tools.until('the guest goes on writing', kept, (now) => now.length > rounds)
  for (let round = 1; round <= 10; round += 1) {
    rounds = (await goesOn()).length
    const SnapshotId = await makeSnapshot(tools, volume)
    rounds = (await kept()).length
    await goesOn()
    await tools.administrator.ec2.call('DeleteSnapshot', { SnapshotId })
    // What was written at first, and 4 MiB twice: in the lower layer and in the one that is written to.
    await tools.until(
      'its layers are merged',
      () => filesOf(volume),
      ({ count, MiB }) => count <= 2 && MiB < 14,
    )
  }
  expect(new Set((await kept()).map((result) => result.split(' ')[0]))).toEqual(new Set(['0']))
  await tools.administrator.ec2.call('DetachVolume', { VolumeId: volume, Force: true })
  await untilVolume(tools, volume, 'available')
  const SnapshotId = await makeSnapshot(tools, volume)
  await tools.administrator.ec2.call('DeleteSnapshot', { SnapshotId })
  await tools.until(
    'its layers are merged',
    () => filesOf(volume),
    ({ count, MiB }) => count === 1 && MiB < 10,
  )
  await tools.administrator.ec2.call('TerminateInstances', { InstanceId: [id] })
  await untilTerminated(tools, id)
})

/** Runs an instance with two disks beside its root and gives what it left on them. */
async function launch(ImageId: string, mappings: object[]): Promise<{ id: string; left: Marks }> {
  const id = await runInstance(tools, { ImageId, BlockDeviceMapping: mappings as never, UserData: markingGuest({}) })
  await untilRunning(tools, id)
  return { id, left: (await marksOf(tools, id, 1, mappings.length + 1)).left }
}

test('a restart of the emulator keeps every disk; a killed QEMU takes those that are instance-store', async () => {
  const { files } = await starterImage('hvm')
  const root = await makeSnapshot(tools, await volumeOf(files.disk))
  const ebs = await launch(await registerSnapshot(tools, root), [
    { DeviceName: '/dev/sdb', Ebs: { VolumeSize: 2, DeleteOnTermination: true } },
    { DeviceName: '/dev/sdc', VirtualName: 'ephemeral0' },
  ])
  const store = await runInstance(tools, {
    ImageId: await registerStarter(tools, 'paravirtual'),
    UserData: markingGuest({}),
  })
  await untilRunning(tools, store)
  const { left } = await marksOf(tools, store, 1, 4)
  expect(Object.keys(left).sort()).toEqual(['5GiB', 'root', 'vda2', 'vda3'])

  await emulator.stop()
  emulator = await start(Number(new URL(emulator.url).port))
  for (const id of [ebs.id, store]) await untilRunning(tools, id)
  const [again, other] = [await marksOf(tools, ebs.id, 2, 3), await marksOf(tools, store, 2, 4)]
  expect([again.saw, other.saw]).toEqual([ebs.left, left])

  killMachine(store)
  await untilTerminated(tools, store)
  await expect(readdir(join(folder, 'machines', store))).rejects.toThrow('ENOENT')
  killMachine(ebs.id)
  await untilState(tools, ebs.id, 'stopped')
  await tools.administrator.ec2.call('StartInstances', { InstanceId: [ebs.id] })
  await untilRunning(tools, ebs.id)
  const third = await marksOf(tools, ebs.id, 3, 3)
  expect(third.saw).toEqual({ ...again.left, '5GiB': blank })

  const mapped = list(await findInstance(tools.administrator, ebs.id), 'blockDeviceMapping')
  await tools.administrator.ec2.call('TerminateInstances', { InstanceId: [ebs.id] })
  await untilTerminated(tools, ebs.id)
  for (const mapping of mapped) {
    const volume = await findVolume(tools, text(mapping, 'ebs', 'volumeId') ?? '')
    expect(['deleting', 'deleted']).toContain(text(volume, 'status'))
  }
  expect(mapped).toHaveLength(2)
  expect(await clear()).toEqual([])
})
