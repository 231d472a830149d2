import type { ReadableFiles } from './ext.ts'
import { type RamdiskContents, ramdiskContents, type Unpack } from './initrd.ts'

/** Whether a kernel can use what QEMU gives it, and from where. */
export type Driver = 'built in' | 'module' | 'missing' | 'not known'

/** A kernel, with the ramdisk that goes with it. */
export interface KernelFound {
  readonly path: string
  readonly version: string
  readonly initrd?: string
  /** Why the ramdisk, or a part of it, was not looked into. */
  readonly unread?: string
  readonly virtioDisk: Driver
  readonly virtioNetwork: Driver
}

/** A line of /etc/fstab for a real device. */
export interface MountFound {
  readonly device: string
  readonly at: string
}

/** What a file system of a Linux system says of it. */
export interface LinuxFound {
  /** `Debian GNU/Linux 12 (bookworm)`; undefined for a /boot of its own. */
  readonly system?: string
  readonly kernels: readonly KernelFound[]
  readonly mounts: readonly MountFound[]
  /** Where the boot loader is told what to start, and the `console=` that it starts it with. */
  readonly bootConfig?: string
  readonly consoles: readonly string[]
  readonly cloudInit: boolean
  readonly sshd: boolean
  /** Files that tie the system to a network card it will not have. */
  readonly tiedToCard: readonly string[]
}

const bootConfigs = [
  'grub/grub.cfg',
  'grub2/grub.cfg',
  'grub/menu.lst',
  'grub/grub.conf',
  'extlinux/extlinux.conf',
  'syslinux/syslinux.cfg',
  'syslinux.cfg',
  'extlinux.conf',
]
const mostKernels = 8

/** Looks at a Linux root, or at a /boot of its own; undefined when the file system is neither. */
export async function linuxIn(files: ReadableFiles, unpack: Unpack): Promise<LinuxFound | undefined> {
  const isRoot = (await files.list('/etc')).length > 0
  const boot = isRoot ? '/boot' : ''
  const kernels = await kernelsIn(files, boot, unpack)
  const config = await firstOf(
    files,
    bootConfigs.map((path) => `${boot}/${path}`),
  )
  if (!isRoot && kernels.length === 0 && !config) return undefined
  return {
    ...(isRoot && (await rootFacts(files))),
    kernels,
    mounts: await mountsIn(files),
    ...(config && { bootConfig: config.path }),
    consoles: consolesOf(`${config?.text ?? ''}\n${await loaderEntries(files, boot)}`),
    cloudInit: (await exists(files, '/etc/cloud/cloud.cfg')) || (await exists(files, '/usr/bin/cloud-init')),
    sshd: await anyOf(files, ['/usr/sbin/sshd', '/sbin/sshd', '/usr/sbin/dropbear', '/sbin/dropbear']),
    tiedToCard: await tiesIn(files),
  }
}

async function exists(files: ReadableFiles, path: string): Promise<boolean> {
  return (await files.read(path, 1)) !== undefined
}

async function anyOf(files: ReadableFiles, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if (await exists(files, path)) return true
  return false
}

async function firstOf(files: ReadableFiles, paths: readonly string[]) {
  for (const path of paths) {
    const bytes = await files.read(path)
    if (bytes) return { path, text: bytes.toString('utf8') }
  }
  return undefined
}

async function rootFacts(files: ReadableFiles): Promise<{ system?: string }> {
  const release = await firstOf(files, ['/etc/os-release', '/usr/lib/os-release'])
  const [, name] = /^PRETTY_NAME=["']?([^"'\n]*)/m.exec(release?.text ?? '') ?? []
  return name === undefined ? {} : { system: name.slice(0, 100) }
}

async function kernelsIn(files: ReadableFiles, boot: string, unpack: Unpack): Promise<KernelFound[]> {
  const names = await files.list(boot || '/')
  const kernels = names
    .filter((name) => /^vmlinu[zx](-|$)/.test(name))
    .sort()
    .slice(0, mostKernels)
  const found: KernelFound[] = []
  for (const name of kernels) {
    const version = name.replace(/^vmlinu[zx]-?/, '')
    const initrd = [
      `initrd.img-${version}`,
      `initramfs-${version}.img`,
      `initrd-${version}`,
      `initrd-${version}.img`,
      `initramfs-${version.replace(/^.*-/, '')}`,
      'initrd.img',
      'initrd',
    ].find((one) => names.includes(one))
    const ramdisk = await ramdiskOf(files, initrd === undefined ? undefined : `${boot}/${initrd}`, unpack)
    const builtIn = await builtInto(files, boot, version)
    found.push({
      path: `${boot}/${name}`,
      version,
      ...(initrd !== undefined && { initrd: `${boot}/${initrd}` }),
      ...(ramdisk?.unread !== undefined && { unread: ramdisk.unread }),
      virtioDisk: driver(['virtio_blk', 'virtio_pci'], builtIn, ramdisk),
      virtioNetwork: networkDriver(builtIn, ramdisk),
    })
  }
  return found
}

async function ramdiskOf(files: ReadableFiles, path: string | undefined, unpack: Unpack) {
  const stream = path === undefined ? undefined : await files.stream(path)
  return stream && ramdiskContents(stream, unpack)
}

/** What is built into a kernel, by its configuration or its list of built-in modules; undefined when neither is there. */
async function builtInto(files: ReadableFiles, boot: string, version: string) {
  const config = (await files.read(`${boot}/config-${version}`))?.toString('latin1')
  const list = (await files.read(`/lib/modules/${version}/modules.builtin`))?.toString('latin1')
  const dependencies = (await files.read(`/lib/modules/${version}/modules.dep`, 4 * 2 ** 20))?.toString('latin1')
  if (config === undefined && list === undefined) return undefined
  return {
    has: (module: string) =>
      new RegExp(`^CONFIG_${module.toUpperCase()}=y$`, 'm').test(config ?? '') ||
      (list ?? '').includes(`/${module}.ko`),
    onDisk: (module: string) =>
      new RegExp(`^CONFIG_${module.toUpperCase()}=m$`, 'm').test(config ?? '') ||
      (dependencies ?? '').includes(`/${module}.ko`),
  }
}

type BuiltIn = Awaited<ReturnType<typeof builtInto>>

/** Where a kernel has drivers from: all have to be there. What finds the root has to be in the ramdisk. */
function driver(modules: readonly string[], builtIn: BuiltIn, ramdisk: RamdiskContents | undefined): Driver {
  if (builtIn && modules.every((module) => builtIn.has(module))) return 'built in'
  const inRamdisk = (module: string) => ramdisk?.modules.has(module) === true || builtIn?.has(module) === true
  if (modules.every(inRamdisk)) return 'module'
  if (!ramdisk && builtIn && modules.every((module) => builtIn.onDisk(module))) return 'module'
  if (ramdisk ? ramdisk.unread !== undefined : !builtIn) return 'not known'
  return 'missing'
}

/** The network may come up from the root, so either place will do. */
function networkDriver(builtIn: BuiltIn, ramdisk: RamdiskContents | undefined): Driver {
  if (ramdisk?.modules.has('virtio_net') && !builtIn?.has('virtio_net')) return 'module'
  return driver(['virtio_net'], builtIn, undefined)
}

async function mountsIn(files: ReadableFiles): Promise<MountFound[]> {
  const text = (await files.read('/etc/fstab'))?.toString('utf8') ?? ''
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/))
  return lines
    .filter(([device = '']) => device.startsWith('/dev/') || /^(UUID|LABEL|PARTUUID|PARTLABEL)=/.test(device))
    .map(([device = '', at = '']) => ({ device, at }))
    .slice(0, 40)
}

/** The consoles that kernels are started with, each once. Of a line only the kernel's own arguments count. */
function consolesOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^\s*(linux|linux16|linuxefi|kernel|append|options)\s/i.test(line))
  const all = lines.flatMap((line) => [...line.matchAll(/\bconsole=([\w,]+)/g)].map(([, name]) => name ?? ''))
  return [...new Set(all)].slice(0, 10)
}

/** The entries of the Boot Loader Specification, which Fedora's family keeps beside the boot loader's configuration. */
async function loaderEntries(files: ReadableFiles, boot: string): Promise<string> {
  const folder = `${boot}/loader/entries`
  const names = (await files.list(folder)).slice(0, 20)
  const texts = await Promise.all(names.map((name) => files.read(`${folder}/${name}`)))
  const environment = await firstOf(files, [`${boot}/grub2/grubenv`])
  const [, options = ''] = /^kernelopts=(.*)$/m.exec(environment?.text ?? '') ?? []
  return [...texts.map((text) => text?.toString('utf8') ?? ''), `options ${options}`].join('\n')
}

async function tiesIn(files: ReadableFiles): Promise<string[]> {
  const rules = '/etc/udev/rules.d/70-persistent-net.rules'
  const card = '/etc/sysconfig/network-scripts/ifcfg-eth0'
  const [lines, setting] = [await files.read(rules), await files.read(card)]
  return [
    /^\s*SUBSYSTEM/m.test(lines?.toString('utf8') ?? '') ? rules : '',
    /^\s*HWADDR=/m.test(setting?.toString('utf8') ?? '') ? card : '',
  ].filter(Boolean)
}
