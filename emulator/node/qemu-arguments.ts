import { join } from 'node:path'
import { driveDevice, driveNodes, layerNodes } from './block-nodes.ts'
import type { Accelerator, Drive, MachineSpec } from './hypervisor.ts'
import { checkSpec } from './spec-check.ts'
import { uefiMissing } from './uefi-firmware.ts'

/** What of the host shows in the arguments. `sandbox`: QEMU can confine itself with seccomp (Linux). */
export interface QemuHost {
  accelerator: Accelerator
  sandbox: boolean
}

/** The file descriptor on which QEMU finds its QMP connection: nobody else can connect, and no path can be too long. */
const qmpDescriptor = 3
/** The file descriptor of the network card's cable, where there is one. */
const nicDescriptor = 4

const vncName = 'vnc.sock'

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

/** One drive: its nodes and the virtio disk on them. `bootIndex` only where the firmware boots from it. */
export function driveArguments(drive: Drive, bootIndex?: number): string[] {
  return [
    ...driveNodes(drive).flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...['-device', JSON.stringify({ ...driveDevice(drive), bootindex: bootIndex })],
  ]
}

/** What a guest's network card may carry in one packet, in bytes: what instances of a VPC have. */
export const cardMtu = 9001

function nicArguments({ network }: MachineSpec): string[] {
  if (!network) return []
  const netdev = { type: 'stream', id: 'cable', server: false, addr: { type: 'fd', str: `${nicDescriptor}` } }
  // An empty ROM: nothing to boot from the network with.
  const card = { mac: network.mac, host_mtu: cardMtu, romfile: '' }
  const nic = { driver: 'virtio-net-pci', id: 'nic', netdev: 'cable', ...card }
  return ['-netdev', JSON.stringify(netdev), '-device', JSON.stringify(nic)]
}

/** The socket of a machine's screen, in its folder; undefined for a machine without one. */
export const vncSocket = ({ boot, folder }: MachineSpec): string | undefined =>
  boot.kind === 'disk' ? join(folder, vncName) : undefined

/** The disc of an installer, and the keyboard that its boot loader may ask for. No drive's id has a dot. */
function installerArguments(file: string): string[] {
  const [image, disc] = layerNodes('installer.iso', { format: 'raw', file }, { readOnly: true, durable: false })
  const drive = { driver: 'ide-cd', id: 'disc', bus: 'ide.1', drive: 'installer.iso', bootindex: 1 }
  const parts = ['-blockdev', JSON.stringify(image), '-blockdev', JSON.stringify(disc)]
  return [...parts, '-device', JSON.stringify(drive), '-machine', 'i8042=on']
}

/** The UEFI firmware in place of the BIOS: its program, which is only read, and its variables. No drive's id has a dot. */
function firmwareArguments({ boot }: MachineSpec, code: string | undefined): string[] {
  if (boot.kind !== 'disk' || boot.uefiVariables === undefined) return []
  if (code === undefined) throw new Error(uefiMissing)
  const nodes = [
    ...layerNodes('uefi.code', { format: 'raw', file: code }, { readOnly: true, durable: false }),
    ...layerNodes('uefi.variables', { format: 'raw', file: boot.uefiVariables }, { readOnly: false, durable: true }),
  ]
  const parts = nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)])
  return [...parts, '-machine', 'pflash0=uefi.code,pflash1=uefi.variables']
}

function bootArguments({ boot }: MachineSpec): string[] {
  if (boot.kind === 'disk') {
    // A screen cannot be plugged in later, and boot loaders expect one; a paravirtual guest has none. The name is
    // relative to the machine's folder, as the paths of sockets have little room.
    const screen = ['-device', JSON.stringify({ driver: 'VGA', id: 'video' }), '-vnc', `unix:${vncName}`]
    return [...screen, ...(boot.installer === undefined ? [] : installerArguments(boot.installer))]
  }
  const ramdisk = boot.ramdisk === undefined ? [] : ['-initrd', boot.ramdisk]
  return ['-kernel', boot.kernel, ...ramdisk, '-append', boot.commandLine]
}

/**
 * The arguments that make QEMU this machine: paused until QMP says `cont`, so that no event is missed. `uefiCode` is the
 * program of the UEFI firmware. Pure. Throws when a value of the spec breaks the form that `hypervisor.ts` asks for, and
 * when a machine is to start by UEFI without a firmware.
 */
export function qemuArguments(spec: MachineSpec, host: QemuHost, uefiCode?: string): string[] {
  checkSpec(spec)
  const firmware = `type=1,manufacturer=Eucalyptus,product=Eucalyptus,serial=${spec.uuid},uuid=${spec.uuid}`
  return [
    ...['-name', spec.id, '-S'],
    ...machineArguments(host),
    // A guest that switches itself off leaves a paused QEMU, so that its copies can be finished; then it is told to quit.
    ...['-action', 'reboot=reset,shutdown=pause,panic=shutdown'],
    ...['-m', `${spec.memoryMiB}`, '-smp', `cpus=${spec.cpus},sockets=1,cores=${spec.cpus},threads=1`],
    ...['-uuid', spec.uuid, '-smbios', firmware],
    ...['-chardev', `socket,id=qmp,fd=${qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
    // Standard output is the console's file, standard input what is typed. A socket with a log of its own would do both,
    // but QEMU 7.2 logs a character once more for each time that the socket is full.
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...firmwareArguments(spec, uefiCode),
    ...bootArguments(spec),
    ...nicArguments(spec),
    ...['-object', JSON.stringify({ 'qom-type': 'rng-builtin', id: 'rng' })],
    ...['-device', JSON.stringify({ driver: 'virtio-rng-pci', id: 'entropy', rng: 'rng' })],
    // A kernel that is given takes the first place in the boot order itself; a second claim to it is an error.
    ...spec.drives.flatMap((drive, index) => driveArguments(drive, boots(spec, index) ? 0 : undefined)),
  ]
}

const boots = (spec: MachineSpec, index: number) => spec.boot.kind === 'disk' && index === 0
