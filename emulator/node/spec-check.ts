import { isAbsolute } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import { type Drive, type MachineSpec, maximumDrives } from './hypervisor.ts'

function* layers(layer: DiskLayer): Generator<DiskLayer> {
  yield layer
  if (layer.format === 'qcow2' && layer.backing) yield* layers(layer.backing)
}

/** What of a machine does not have the form that it must have: throws with its name. */
function demand(machineId: string, holds: boolean, what: string): void {
  if (!holds) throw new Error(`machine ${JSON.stringify(machineId)} has no valid ${what}`)
}

const demandPath = (machineId: string, file: string) =>
  demand(machineId, isAbsolute(file) && !file.includes('\0'), `path: ${JSON.stringify(file)}`)

/** Throws when a drive does not have the form that `hypervisor.ts` asks for. */
export function checkDrive(machineId: string, drive: Drive): void {
  for (const { file } of layers(drive)) demandPath(machineId, file)
  demand(machineId, /^[a-z][a-z0-9-]{0,15}$/.test(drive.id), `drive id: ${JSON.stringify(drive.id)}`)
  demand(machineId, /^[A-Za-z0-9_-]{0,64}$/.test(drive.serial), `drive serial: ${JSON.stringify(drive.serial)}`)
}

/**
 * Throws when a value of the spec does not have the form that `hypervisor.ts` asks for: it could mean more to QEMU than
 * it should, as its arguments carry ids and paths only.
 */
export function checkSpec(spec: MachineSpec): void {
  const { id, boot, drives, network } = spec
  const check = (holds: boolean, what: string) => demand(id, holds, what)
  check(/^[a-z0-9][a-z0-9-]{0,63}$/.test(id), 'id')
  check(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(spec.uuid), 'uuid')
  check(Number.isInteger(spec.memoryMiB) && spec.memoryMiB > 0, 'memoryMiB')
  check(Number.isInteger(spec.cpus) && spec.cpus > 0, 'cpus')
  const files = [spec.folder, spec.console]
  if (boot.kind === 'kernel') {
    files.push(boot.kernel, ...(boot.ramdisk === undefined ? [] : [boot.ramdisk]))
    check(!/[\0\r\n]/.test(boot.commandLine), 'command line')
  } else {
    check(drives.length > 0, 'drive to boot from')
    files.push(...[boot.installer, boot.uefiVariables].filter((file) => file !== undefined))
  }
  for (const file of files) demandPath(id, file)
  for (const drive of drives) checkDrive(id, drive)
  check(new Set(drives.map((drive) => drive.id)).size === drives.length, 'drive ids: one occurs twice')
  check(drives.length <= maximumDrives, `number of drives: ${drives.length}, at most ${maximumDrives} have a place`)
  // The lowest bit of the first byte marks an address of a group.
  if (network) check(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(network.mac), `mac: ${JSON.stringify(network.mac)}`)
}
