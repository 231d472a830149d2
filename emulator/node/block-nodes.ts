import type { DiskLayer } from '../disk/layer.ts'
import type { Drive } from './hypervisor.ts'

/** A node of QEMU's block layer: what `-blockdev` and `blockdev-add` take. */
export interface BlockNode extends Record<string, unknown> {
  driver: string
  'node-name': string
}

/** How the nodes of a disk are opened. */
export interface NodeOptions {
  readOnly: boolean
  durable: boolean
}

/**
 * The nodes of a layer and of those beneath it, deepest first; the last one, called `name`, is the disk. Every node states
 * its driver, so QEMU never probes a format, and what it rests on, so QEMU never believes a header. Those beneath are
 * numbered by their depth: a node's name has at most 31 characters.
 */
export function layerNodes(name: string, layer: DiskLayer, options: NodeOptions, depth = 0): BlockNode[] {
  const own = depth === 0 ? name : `${name}-b${depth}`
  const shared = {
    'read-only': options.readOnly,
    discard: options.readOnly ? 'ignore' : 'unmap',
    cache: { direct: false, 'no-flush': !options.durable },
  }
  const below = layer.format === 'qcow2' ? layer.backing : null
  const backing = layer.format === 'qcow2' ? { backing: below ? `${name}-b${depth + 1}` : null } : {}
  return [
    ...(below ? layerNodes(name, below, { ...options, readOnly: true }, depth + 1) : []),
    { driver: 'file', 'node-name': `${own}-f`, filename: layer.file, ...shared },
    { driver: layer.format, 'node-name': own, file: `${own}-f`, ...backing, ...shared },
  ]
}

/** The nodes of a drive, deepest first; the last one bears the drive's id. */
export const driveNodes = (drive: Drive): BlockNode[] =>
  layerNodes(drive.id, drive, { readOnly: drive.readOnly ?? false, durable: drive.durable })

/** The virtio disk on a drive's nodes: what `-device` and `device_add` take. */
export function driveDevice({ id, serial }: Drive, device = `disk-${id}`) {
  return { driver: 'virtio-blk-pci', id: device, drive: id, serial }
}
