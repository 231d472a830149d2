import { isAbsolute } from 'node:path'
import type { DiskLayer } from '../disk/layer.ts'
import type { Accelerator, Drive, MachineSpec } from './hypervisor.ts'

/** What of the host shows in the arguments. `sandbox`: QEMU can confine itself with seccomp (Linux). */
export interface QemuHost {
  accelerator: Accelerator
  sandbox: boolean
}

/** The file descriptor on which QEMU finds its QMP connection: nobody else can connect, and no path can be too long. */
export const qmpDescriptor = 3

const accelerators: Record<Accelerator, string> = { kvm: 'kvm', hvf: 'hvf', tcg: 'tcg,thread=multi,tb-size=64' }
const sandbox = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'

/** The arguments that every QEMU gets, the accelerator's probe included, so that the probe proves what guests use. */
export function machineArguments(host: QemuHost): string[] {
  return [
    ...(host.sandbox ? ['-sandbox', sandbox] : []),
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-boot', 'menu=off,strict=on'],
    // Without a keyboard controller to look for, a Linux guest is up 0.6 s earlier; the ACPI power button stays.
    ...['-machine', 'pc,i8042=off', '-accel', accelerators[host.accelerator], '-cpu', 'max'],
  ]
}

/** Doubles commas, QEMU's way to write one inside a `key=value` list. */
const escapeCommas = (value: string) => value.replaceAll(',', ',,')

/** `-blockdev` nodes of one layer, deepest first; every node states its driver, so QEMU never probes a format. */
function layerArguments(node: string, layer: DiskLayer, options: { readOnly: boolean; durable: boolean }): string[] {
  const shared = {
    'read-only': options.readOnly,
    discard: options.readOnly ? 'ignore' : 'unmap',
    cache: { direct: false, 'no-flush': !options.durable },
  }
  const below = layer.format === 'qcow2' ? layer.backing : null
  const backing = layer.format === 'qcow2' ? { backing: below ? `${node}-b` : null } : {}
  return [
    ...(below ? layerArguments(`${node}-b`, below, { ...options, readOnly: true }) : []),
    ...['-blockdev', JSON.stringify({ driver: 'file', 'node-name': `${node}-f`, filename: layer.file, ...shared })],
    '-blockdev',
    JSON.stringify({ driver: layer.format, 'node-name': node, file: `${node}-f`, ...backing, ...shared }),
  ]
}

/** One drive: its nodes and the virtio disk on them. `bootIndex` only where the firmware boots from it. */
export function driveArguments(drive: Drive, bootIndex?: number): string[] {
  const { id, serial, durable, readOnly = false } = drive
  const device = { driver: 'virtio-blk-pci', id: `disk-${id}`, drive: id, serial, bootindex: bootIndex }
  return [...layerArguments(id, drive, { readOnly, durable }), '-device', JSON.stringify(device)]
}

function bootArguments({ boot }: MachineSpec): string[] {
  // A screen cannot be plugged in later, and boot loaders expect one; a paravirtual guest has none.
  if (boot.kind === 'disk') return ['-device', JSON.stringify({ driver: 'VGA', id: 'video' })]
  const ramdisk = boot.ramdisk === undefined ? [] : ['-initrd', boot.ramdisk]
  return ['-kernel', boot.kernel, ...ramdisk, '-append', boot.commandLine]
}

function* layers(layer: DiskLayer): Generator<DiskLayer> {
  yield layer
  if (layer.format === 'qcow2' && layer.backing) yield* layers(layer.backing)
}

/** Throws when a value could mean more to QEMU than it should: argv carries ids and paths only. */
function check(spec: MachineSpec): void {
  const { boot, drives } = spec
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`machine ${JSON.stringify(spec.id)} has no valid ${what}`)
  }
  demand(/^[a-z0-9][a-z0-9-]{0,63}$/.test(spec.id), 'id')
  demand(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(spec.uuid), 'uuid')
  demand(Number.isInteger(spec.memoryMiB) && spec.memoryMiB > 0, 'memoryMiB')
  demand(Number.isInteger(spec.cpus) && spec.cpus > 0, 'cpus')
  const files = [spec.folder, spec.console, ...drives.flatMap((drive) => [...layers(drive)].map(({ file }) => file))]
  if (boot.kind === 'kernel') {
    files.push(boot.kernel, ...(boot.ramdisk === undefined ? [] : [boot.ramdisk]))
    demand(!/[\0\r\n]/.test(boot.commandLine), 'command line')
  } else demand(drives.length > 0, 'drive to boot from')
  for (const file of files) demand(isAbsolute(file) && !file.includes('\0'), `path: ${JSON.stringify(file)}`)
  for (const { id, serial } of drives) {
    demand(/^[a-z][a-z0-9-]{0,15}$/.test(id), `drive id: ${JSON.stringify(id)}`)
    demand(/^[A-Za-z0-9_-]{0,64}$/.test(serial), `drive serial: ${JSON.stringify(serial)}`)
  }
  demand(new Set(drives.map(({ id }) => id)).size === drives.length, 'drive ids: one occurs twice')
}

/**
 * The arguments that make QEMU this machine: paused until QMP says `cont`, so that no event is missed. Pure.
 * Throws when a value of the spec breaks the form that `hypervisor.ts` asks for.
 */
export function qemuArguments(spec: MachineSpec, host: QemuHost): string[] {
  check(spec)
  const firmware = `type=1,manufacturer=Eucalyptus,product=Eucalyptus,serial=${spec.uuid},uuid=${spec.uuid}`
  return [
    ...['-name', spec.id, '-S'],
    ...machineArguments(host),
    ...['-action', 'reboot=reset,shutdown=poweroff,panic=shutdown'],
    ...['-m', `${spec.memoryMiB}`, '-smp', `cpus=${spec.cpus},sockets=1,cores=${spec.cpus},threads=1`],
    ...['-uuid', spec.uuid, '-smbios', firmware],
    ...['-chardev', `socket,id=qmp,fd=${qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', `file,id=console,path=${escapeCommas(spec.console)},append=on`, '-serial', 'chardev:console'],
    ...bootArguments(spec),
    ...['-object', JSON.stringify({ 'qom-type': 'rng-builtin', id: 'rng' })],
    ...['-device', JSON.stringify({ driver: 'virtio-rng-pci', id: 'entropy', rng: 'rng' })],
    // A kernel that is given takes the first place in the boot order itself; a second claim to it is an error.
    ...spec.drives.flatMap((drive, index) => driveArguments(drive, boots(spec, index) ? 0 : undefined)),
  ]
}

const boots = (spec: MachineSpec, index: number) => spec.boot.kind === 'disk' && index === 0
