import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { qemuImgCopy } from './flat-copy.ts'
import { openStorage, type Storage } from './storage.ts'

const [volumeId, otherVolumeId] = ['vol-0000000a', 'vol-0000000b']
const [snapshotId, otherSnapshotId] = ['snap-0000000c', 'snap-0000000d']
const [MiB, GiB] = [2 ** 20, 2 ** 30]

let folder: string
let storage: Storage
beforeEach(async () => {
  // A comma and a colon mean something to QEMU; a data folder may have both.
  folder = await mkdtemp(join(tmpdir(), 'euca-emu,a:b-'))
  storage = await openStorage({ folder })
})
afterEach(() => rm(folder, { recursive: true }))

/** Runs qemu-io's commands on a disk, as its header describes it. */
const io = (file: string, ...commands: string[]) =>
  execa('qemu-io', [
    ...(file.includes('snap-') ? ['-r'] : []),
    ...commands.flatMap((command) => ['-c', command]),
    `json:${JSON.stringify(image(file))}`,
  ])
const image = (filename: string) => ({ driver: 'qcow2', file: { driver: 'file', filename } })
const file = (id: string) => join(folder, id.startsWith('vol') ? 'volumes' : 'snapshots', `${id}.qcow2`)

/** What `qemu-img check` and `info` say of a snapshot. */
async function sound(id: string): Promise<{ bytes: number; backing: unknown }> {
  await execa('qemu-img', ['check', '--image-opts', `driver=qcow2,file.filename=${file(id).replaceAll(',', ',,')}`])
  const { stdout } = await execa('qemu-img', ['info', '--output=json', `json:${JSON.stringify(image(file(id)))}`])
  const info = JSON.parse(stdout)
  return { bytes: info['virtual-size'], backing: info['backing-filename'] }
}

test('a snapshot shows what its volume did, also through what that rests on, and never changes', async () => {
  await storage.createVolume({ id: volumeId, bytes: 10 * GiB })
  await io(file(volumeId), 'write -P 1 0 1M', 'write -P 2 9G 1M')
  await storage.snapshotVolume({ volumeId, snapshotId })
  await storage.createVolume({ id: otherVolumeId, bytes: 20 * GiB, snapshotId })
  await io(file(otherVolumeId), 'write -P 3 9G 64k', 'write -P 4 19G 1M')
  await storage.deleteSnapshot(snapshotId)
  await storage.snapshotVolume({ volumeId: otherVolumeId, snapshotId: otherSnapshotId })
  await io(file(otherVolumeId), 'write -P 9 0 1M')
  await storage.deleteVolume(otherVolumeId)
  expect(await sound(otherSnapshotId)).toEqual({ bytes: 20 * GiB, backing: undefined })
  const rest = `${9 * GiB + 65_536} ${MiB - 65_536}`
  const reads = ['-P 1 0 1M', '-P 3 9G 64k', `-P 2 ${rest}`, '-P 4 19G 1M', '-P 0 5G 1M'].map((read) => `read ${read}`)
  // qemu-io ends with status 1 when a pattern is not the one that it reads.
  await io(file(otherSnapshotId), ...reads)
  await expect(io(file(otherSnapshotId), 'read -P 2 0 1M')).rejects.toThrow('Pattern verification failed')
})

test('a snapshot takes as much as there is data, and not as the volume is large', async () => {
  await storage.createVolume({ id: volumeId, bytes: 1000 * GiB })
  await io(file(volumeId), 'write -P 5 500G 8M')
  const { bytesAllocated } = await storage.snapshotVolume({ volumeId, snapshotId })
  expect(bytesAllocated).toBeGreaterThan(8 * MiB)
  expect(bytesAllocated).toBeLessThan(10 * MiB)
})

test('a volume that a process holds open is not copied, and the reason is QEMU’s own', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  const holder = execa('qemu-io', [`json:${JSON.stringify(image(file(volumeId)))}`], { reject: false })
  try {
    // Its prompt comes when the file is open.
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    const attempt = storage.snapshotVolume({ volumeId, snapshotId })
    await expect(attempt).rejects.toMatchObject({ cause: { message: expect.stringMatching(/lock/) } })
    expect(await readdir(join(folder, 'snapshots'))).toEqual([])
  } finally {
    holder.stdin.end('quit\n')
    await holder
  }
})

test('an aborted copy ends its process and leaves nothing', async () => {
  await storage.createVolume({ id: volumeId, bytes: 10 * GiB })
  await io(file(volumeId), 'write -P 6 0 256M')
  const abort = new AbortController()
  const copy = storage.snapshotVolume({ volumeId, snapshotId, signal: abort.signal })
  const target = storage.snapshotTarget(snapshotId)
  const begun = async () => (await stat(target).catch(() => undefined)) !== undefined
  while (!(await begun())) await new Promise((resolve) => setImmediate(resolve))
  abort.abort(new Error('the emulator stops'))
  await expect(copy).rejects.toThrow('the emulator stops')
  expect(await readdir(join(folder, 'snapshots'))).toEqual([])
})

test('a copy that would grow beyond its disk is ended', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  await io(file(volumeId), 'write -P 7 0 64M')
  const source = await storage.volumeLayer(volumeId)
  const job = qemuImgCopy({ source, target: join(folder, 'copy'), bytes: MiB })
  await expect(job).rejects.toThrow(/SIGXFSZ|File too large/)
})

test('a host without qemu-img is told what to install', async () => {
  await storage.createVolume({ id: volumeId, bytes: GiB })
  const path = process.env['PATH']
  process.env['PATH'] = folder
  try {
    const attempt = storage.snapshotVolume({ volumeId, snapshotId })
    await expect(attempt).rejects.toMatchObject({ cause: { message: expect.stringContaining('apt-get install') } })
  } finally {
    process.env['PATH'] = path
  }
})
