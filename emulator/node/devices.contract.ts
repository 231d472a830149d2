import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stream } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DiskLayer } from '../disk/layer.ts'
import { createQcow2 } from '../disk/qcow2.ts'
import { diskBytes } from '../disk/size.ts'
import { consoleShows, type HypervisorHarness } from './hypervisor.contract.ts'
import { type Drive, type Machine, type MachineReset, type MachineSpec, maximumDrives } from './hypervisor.ts'

const GiB = 2 ** 30

/** A drive of a file that this machine's folder holds. */
const driveIn = (spec: MachineSpec, id: string): Drive => ({
  id,
  format: 'qcow2',
  file: join(spec.folder, `${id}.qcow2`),
  backing: null,
  serial: `euca-${id}`,
  durable: true,
})

/** A broken connection may come before it: what was typed and not taken is lost. */
const closing = (stream: Stream) => new Promise((resolve) => stream.once('close', resolve))

async function emptyDrive(spec: MachineSpec, id: string, bytes = GiB): Promise<Drive> {
  const drive = driveIn(spec, id)
  await createQcow2({ path: drive.file, bytes })
  return drive
}

/**
 * Checks the obligations for what is plugged into a machine: drives, copies of them, the cable, the keyboard. The guests
 * of the harness have no operating system: they never let go of a drive, and say nothing on the network.
 */
export function devicesContract(name: string, make: () => Promise<HypervisorHarness>): void {
  describe(`${name} keeps the hypervisor's obligations for what is plugged in`, () => {
    let harness: HypervisorHarness
    beforeEach(async () => {
      harness = await make()
    })
    afterEach(async () => {
      await harness.hypervisor.close()
      await harness.dispose()
    })

    async function up(id = 'i-1', more: Partial<MachineSpec> = {}): Promise<{ machine: Machine; spec: MachineSpec }> {
      const spec = { ...(await harness.spec(id, 'idles')), ...more }
      const machine = await harness.hypervisor.start(spec)
      await consoleShows(spec.console, harness.text)
      return { machine, spec }
    }

    test('a machine with a boot loader of its own has a screen, and it is refused after the end', async () => {
      const { machine } = await up()
      const picture = await machine.screen()
      expect(picture).toMatchObject({ width: expect.any(Number), height: expect.any(Number) })
      expect(picture?.pixels).toHaveLength((picture?.width ?? 0) * (picture?.height ?? 0) * 4)
      await machine.end()
      await expect(machine.screen()).rejects.toThrow()
    })

    test('drives come in order, and no other machine gets their files until the end', async () => {
      const { machine, spec } = await up()
      const other = await up('i-2')
      const [one, two] = [await emptyDrive(spec, 'vol-1'), await emptyDrive(spec, 'vol-2')]
      await machine.plug(two)
      await machine.plug(one)
      expect(machine.drives).toEqual(['root', 'vol-2', 'vol-1'])
      await expect(other.machine.plug(one)).rejects.toThrow(/lock/)
      expect(other.machine.drives).toEqual(['root'])
      await machine.end()
      await other.machine.plug(one)
      expect(other.machine.drives).toEqual(['root', 'vol-1'])
    })

    test('a drive that cannot be plugged is refused, and nothing of it is held', async () => {
      const { machine, spec } = await up()
      const drive = driveIn(spec, 'vol-1')
      await expect(machine.plug(drive)).rejects.toThrow(drive.file)
      await expect(machine.plug({ ...drive, id: 'Vol' })).rejects.toThrow('no valid drive id')
      await expect(machine.plug({ ...drive, id: 'root' })).rejects.toThrow(/root|vol-1/)
      await machine.plug(await emptyDrive(spec, 'vol-1'))
      await expect(machine.plug(drive)).rejects.toThrow('has a drive vol-1 already')
      expect(machine.drives).toEqual(['root', 'vol-1'])
      await machine.end()
      await expect(machine.plug(await emptyDrive(spec, 'vol-2'))).rejects.toThrow()
    })

    test(`a machine has room for ${maximumDrives} drives, and says so when there is none`, async () => {
      const { machine, spec } = await up('i-1', { network: { mac: 'd0:0d:00:00:00:01' } })
      const drives = Array.from({ length: maximumDrives }, (_, index) => emptyDrive(spec, `vol-${index}`))
      for (const drive of drives.slice(1)) await machine.plug(await drive)
      expect(machine.drives).toHaveLength(maximumDrives)
      const last = await drives[0]!
      await expect(machine.plug(last)).rejects.toThrow(/i-1 has no slot left for drive vol-0: 27 are in use/)
    })

    test('a guest that does not let go keeps its drive until it is reset', async () => {
      const { machine, spec } = await up()
      const drive = await emptyDrive(spec, 'vol-1')
      await machine.plug(drive)
      expect(await machine.unplug('vol-1', { patience: 50 })).toBe('busy')
      expect(await machine.unplug('vol-1', { patience: 50 })).toBe('busy')
      expect(machine.drives).toEqual(['root', 'vol-1'])
      await machine.reset()
      await expect.poll(() => machine.drives, { timeout: 60_000 }).toEqual(['root'])
      await machine.plug(drive)
      expect(machine.drives).toEqual(['root', 'vol-1'])
    })

    test('a drive taken away by force is free at once, for this machine too', async () => {
      const { machine, spec } = await up()
      const other = await up('i-2')
      const drive = await emptyDrive(spec, 'vol-1')
      await machine.plug(drive)
      expect(await machine.unplug('vol-1', { patience: 50, force: true })).toBe('unplugged')
      expect(machine.drives).toEqual(['root'])
      await other.machine.plug(drive)
      expect(await other.machine.unplug('vol-1', { patience: 50, force: true })).toBe('unplugged')
      await machine.plug(drive)
      expect(machine.drives).toEqual(['root', 'vol-1'])
      const seen = new Promise<MachineReset>((resolve) => machine.onReset(resolve))
      await machine.reset()
      expect(await seen).toEqual({ by: 'host' })
      expect(machine.drives).toEqual(['root', 'vol-1'])
    })

    test('an unplug of nothing, an aborted one and one after the end are refused', async () => {
      const { machine, spec } = await up()
      await machine.plug(await emptyDrive(spec, 'vol-1'))
      await expect(machine.unplug('vol-2')).rejects.toThrow('no drive vol-2')
      const signal = AbortSignal.abort(new Error('changed my mind'))
      await expect(machine.unplug('vol-1', { signal })).rejects.toThrow('changed my mind')
      await machine.end()
      await expect(machine.unplug('vol-1')).rejects.toThrow()
    })

    test('a drive goes on in another layer, and what it was before is open to other machines', async () => {
      const { machine, spec } = await up()
      const other = await up('i-2')
      const drive = await emptyDrive(spec, 'vol-1')
      await machine.plug(drive)
      const layer = async (folder: string, name: string, backing: DiskLayer) => {
        const file = join(folder, name)
        await createQcow2({ path: file, bytes: GiB, backing: { file: backing.file, format: 'qcow2' } })
        return { format: 'qcow2', file, backing } as const
      }
      const first = await layer(spec.folder, 'first', drive)
      await machine.addLayer('vol-1', first)
      const second = await layer(spec.folder, 'second', first)
      await machine.addLayer('vol-1', second)
      expect(machine.drives).toEqual(['root', 'vol-1'])
      await expect(machine.addLayer('vol-2', second)).rejects.toThrow('no drive vol-2')
      await expect(other.machine.plug({ ...drive, ...second })).rejects.toThrow(/lock/)
      await other.machine.plug({ ...drive, ...(await layer(other.spec.folder, 'copy', first)) })
      const target = join(spec.folder, 'flat')
      await machine.snapshot([{ driveId: 'vol-1', target }]).done
      expect(await diskBytes({ format: 'qcow2', file: target, backing: null })).toBe(GiB)
      expect(await machine.unplug('vol-1', { patience: 50, force: true })).toBe('unplugged')
      expect(await other.machine.unplug('vol-1', { patience: 50, force: true })).toBe('unplugged')
      await other.machine.plug({ ...drive, ...second })
    })

    test('layers between the lowest and the highest of a drive are merged, and it rests on another one when told to', async () => {
      const { machine, spec } = await up()
      const drive = await emptyDrive(spec, 'vol-1')
      await machine.plug(drive)
      const files = [drive.file]
      let top: DiskLayer = drive
      for (const name of ['first', 'second', 'third']) {
        const file = join(spec.folder, name)
        await createQcow2({ path: file, bytes: GiB, backing: { file: top.file, format: 'qcow2' } })
        top = { format: 'qcow2', file, backing: top }
        await machine.addLayer('vol-1', top)
        files.push(file)
      }
      expect(machine.layers('vol-1')).toEqual(files)
      const [base = '', first = '', second = '', third = ''] = files
      await expect(machine.mergeLayers('vol-1', { base, above: [second] })).rejects.toThrow('does not rest on')
      await expect(machine.mergeLayers('vol-1', { base: second, above: [third] })).rejects.toThrow('does not rest on')
      expect(await machine.mergeLayers('vol-1', { base, above: [first, second] }, AbortSignal.abort())).toBe(false)
      expect(machine.layers('vol-1')).toEqual(files)
      expect(await machine.mergeLayers('vol-1', { base, above: [first, second] })).toBe(true)
      expect(machine.layers('vol-1')).toEqual([base, third])
      await machine.replaceBase('vol-1', { format: 'qcow2', file: first, backing: null })
      expect(machine.layers('vol-1')).toEqual([first, third])
      expect(() => machine.layers('vol-2')).toThrow('no drive vol-2')
      await machine.end()
      await expect(machine.mergeLayers('vol-1', { base, above: [first] })).rejects.toThrow()
    })

    test('copies are made while the guest goes on, and are finished when the machine ends', async () => {
      const { machine, spec } = await up()
      await machine.plug(await emptyDrive(spec, 'vol-1', 100 * GiB))
      const targets = ['root', 'vol-1'].map((driveId) => ({ driveId, target: join(spec.folder, `${driveId}.copy`) }))
      const seen: [copied: number, total: number][] = []
      const { taken, done } = machine.snapshot(targets, { onProgress: (...bytes) => seen.push(bytes) })
      await taken
      await machine.end()
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
      await done
      const sizes = targets.map(({ target }) => diskBytes({ format: 'qcow2', file: target, backing: null }))
      expect(await Promise.all(sizes)).toEqual([2 ** 20, 100 * GiB])
      expect(seen.at(-1)).toEqual([100 * GiB + 2 ** 20, 100 * GiB + 2 ** 20])
      for (const [copied, total] of seen) expect(copied).toBeLessThanOrEqual(total)
    })

    test('when one copy cannot be made none is', async () => {
      const { machine, spec } = await up()
      const [good, taken] = [join(spec.folder, 'good'), join(spec.folder, 'taken')]
      await writeFile(taken, 'mine')
      const root = { driveId: 'root', target: good }
      const refused = async (requests: (typeof root)[], reason: string, signal?: AbortSignal) => {
        const snapshot = machine.snapshot(requests, signal ? { signal } : {})
        await expect(snapshot.done).rejects.toThrow(reason)
        await expect(snapshot.taken).rejects.toThrow(reason)
        await expect(access(good)).rejects.toThrow('ENOENT')
      }
      await refused([root, { driveId: 'root', target: taken }], 'EEXIST')
      await refused([root, { driveId: 'vol-1', target: join(spec.folder, 'other') }], 'no drive vol-1')
      await refused([], 'one drive at least')
      await refused([root], 'changed my mind', AbortSignal.abort(new Error('changed my mind')))
      await machine.snapshot([root]).done
      await access(good)
      await machine.end()
      await expect(machine.snapshot([{ ...root, target: join(spec.folder, 'late') }]).done).rejects.toThrow()
    })

    test('the cable closes with the machine, and the machine goes on without it', async () => {
      expect((await up('i-2')).machine.nic).toBeUndefined()
      const network = { mac: 'd0:0d:00:00:00:01' }
      const { machine } = await up('i-1', { network })
      const other = await up('i-3', { network })
      const closed = closing(machine.nic!)
      await machine.end()
      await closed
      other.machine.nic!.destroy()
      const seen = new Promise<MachineReset>((resolve) => other.machine.onReset(resolve))
      await other.machine.reset()
      expect(await seen).toEqual({ by: 'host' })
    })

    test('what is typed does no harm, and the keyboard closes with the machine', async () => {
      const { machine } = await up()
      machine.serial.write('hello\r')
      const closed = closing(machine.serial)
      await machine.end()
      await closed
      machine.serial.write('too late')
      expect(await machine.ended).toMatchObject({ reason: 'ended' })
    })
  })
}
