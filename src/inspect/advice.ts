import type { DiskContents, FileSystemFound } from './disk.ts'
import type { KernelFound, LinuxFound } from './linux.ts'

/**
 * What is worth saying of an image before it is registered, as HVM unless said otherwise, in a cloud that has UEFI where
 * that is said: a sentence each without full stop. None: all looks well.
 */
export function adviceFor(
  contents: DiskContents,
  as: 'hvm' | 'paravirtual' | 'iso' = 'hvm',
  hasUefi = false,
): string[] {
  if (as === 'iso') return ["it is an installer's disc: `image build --iso` installs from it and registers the result"]
  const systems = contents.fileSystems.flatMap(({ linux }) => linux ?? [])
  const ofAll = as === 'hvm' ? [...ofTheDisk(contents, hasUefi), ...ofTheBoot(systems)] : ofTheRoot(contents)
  return [
    ...new Set([...contents.cutShort, ...ofAll, ...systems.flatMap((linux) => ofALinux(linux)), ...together(systems)]),
  ]
}

/** Why an image cannot boot as an HVM image in a cloud with or without UEFI; undefined when nothing speaks against it. */
export function whyNoHvm({ firmware, table, fileSystems }: DiskContents, hasUefi = false): string | undefined {
  const [bare] = fileSystems
  if (firmware === 'UEFI' && !hasUefi) {
    return 'it boots by UEFI only (an EFI system partition, but no boot code for a BIOS), and instances start by BIOS except in fidelity aws: install a boot loader for a BIOS in it (grub-pc, grub2-pc), or take the vendor\'s image for BIOS ("generic", "bios")'
  }
  if (firmware === 'none' && table === 'none' && /^(ext|xfs|btrfs)/.test(bare?.type ?? '')) {
    return `it is one file system (${bare?.type}), not a disk: register it as paravirtual, with a kernel and a ramdisk`
  }
  return undefined
}

function ofTheDisk(contents: DiskContents, hasUefi: boolean): string[] {
  const { firmware, table, fileSystems } = contents
  const [bare] = fileSystems
  const why = whyNoHvm(contents, hasUefi)
  const kernels = fileSystems.flatMap(({ linux }) => linux?.kernels ?? []).map(({ path }) => path)
  const own = kernels.length > 0 ? `; it holds ${kernels.join(', ')}, to be taken out of it` : ''
  const unread = fileSystems.filter((one) => isSystem(one) && !one.type?.startsWith('ext'))
  return [
    why === undefined ? '' : table === 'none' ? `${why}${own}` : why,
    firmware === 'UEFI' && hasUefi ? 'it boots by UEFI only: it is registered with BootMode uefi' : '',
    table === 'none' && !bare ? 'it has neither a partition table nor a file system that is known' : '',
    firmware === 'none' && table !== 'none' ? 'no boot loader was found: as an HVM image it will not start' : '',
    ...unread.map(
      ({ type, partition }) =>
        `the ${type} file system of partition ${partition} was not looked into: only ext2, ext3 and ext4 are`,
    ),
  ].filter(Boolean)
}

/** Why a root file system cannot be one of a paravirtual image: the image guide asks for ext2, ext3 or ext4. */
function ofTheRoot({ table, fileSystems: [bare] }: DiskContents): string[] {
  if (table !== 'none') return ['it is a disk with partitions: a paravirtual image is the root file system alone']
  return bare?.type?.startsWith('ext')
    ? []
    : [`it is no ext2, ext3 or ext4 file system (${bare?.type ?? 'none is known'})`]
}

const isSystem = ({ type = '' }: FileSystemFound) => ['xfs', 'btrfs', 'LVM', 'LUKS', 'squashfs', 'ntfs'].includes(type)

/** What a boot loader of its own starts. */
function ofTheBoot(systems: readonly LinuxFound[]): string[] {
  return systems.flatMap(({ kernels, bootConfig, consoles }) => [
    ...kernels.flatMap(ofAKernel),
    ...(bootConfig === undefined || consoles.some((name) => name.startsWith('ttyS0'))
      ? []
      : [`${bootConfig} has no console=ttyS0: the console output of instances will say nothing of the kernel`]),
  ])
}

function ofALinux({ mounts, tiedToCard }: LinuxFound): string[] {
  const named = mounts.filter(({ device }) => /^\/dev\/(sd|hd|xvd|nvme)/.test(device)).map(({ device }) => device)
  return [
    ...(named.length === 0
      ? []
      : [
          `/etc/fstab names ${named.join(', ')}: disks are /dev/vda, /dev/vdb, … here, so name them by UUID= or LABEL=`,
        ]),
    ...tiedToCard.map((file) => `${file} ties the network to a card that instances do not have: empty it`),
  ]
}

function ofAKernel({ path, initrd, unread, virtioDisk, virtioNetwork }: KernelFound): string[] {
  const where = initrd ?? path
  return [
    virtioDisk === 'missing' ? `${where} has no virtio_blk and virtio_pci: ${path} will not find its disk` : '',
    virtioNetwork === 'missing' ? `the kernel ${path} has no virtio_net: it will have no network` : '',
    virtioDisk === 'not known'
      ? `whether ${path} has virtio_blk could not be told${unread === undefined ? '' : ` (${initrd}: ${unread})`}`
      : '',
  ].filter(Boolean)
}

/** What one file system of several has to have. */
function together(systems: readonly LinuxFound[]): string[] {
  const roots = systems.filter(({ system }) => system !== undefined)
  if (roots.length === 0) return []
  return [
    roots.some(({ cloudInit }) => cloudInit)
      ? ''
      : 'it has no cloud-init: key pairs and user data reach it only by scripts of its own',
    roots.some(({ sshd }) => sshd) ? '' : 'it has no ssh server: nobody can log in over the network',
  ].filter(Boolean)
}
