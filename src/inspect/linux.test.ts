import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { cpioArchive } from '../../fixtures/cpio.ts'
import { adviceFor, whyNoHvm } from './advice.ts'
import type { DiskContents } from './disk.ts'
import type { ReadableFiles } from './ext.ts'
import { type LinuxFound, linuxIn } from './linux.ts'

/** Files of a system, by their paths. */
function filesOf(tree: Record<string, string | Buffer>): ReadableFiles {
  const read = (path: string) => (path in tree ? Buffer.from(tree[path] ?? '') : undefined)
  const below = (folder: string) => `${folder.replace(/\/$/, '')}/`
  return {
    list: async (path) => [
      ...new Set(
        Object.keys(tree)
          .filter((one) => one.startsWith(below(path)))
          .map((one) => one.slice(below(path).length).split('/')[0] ?? ''),
      ),
    ],
    read: async (path) => read(path),
    stream: async (path) => (path in tree ? Readable.from([read(path) ?? Buffer.alloc(0)]) : undefined),
  }
}
const unpack = () => {
  throw new Error('nothing is packed here')
}
const initrd = (...modules: string[]) =>
  cpioArchive(modules.map((name) => ({ kind: 'file', path: `lib/${name}.ko`, mode: 0o644, bytes: Buffer.alloc(9) })))

const debian = {
  '/etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian 12"\n',
  '/etc/fstab': '# a comment\nUUID=1234 / ext4 defaults 0 1\nproc /proc proc\n/dev/sda2 none swap sw 0 0\n',
  '/etc/cloud/cloud.cfg': '',
  '/usr/sbin/sshd': '',
  '/boot/vmlinuz-6.1': '',
  '/boot/config-6.1': 'CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_BLK=m\nCONFIG_VIRTIO_NET=m\n',
  '/boot/initrd.img-6.1': initrd('virtio_blk'),
  '/boot/grub/grub.cfg': '# linux console=ttyS9\n\tlinux /boot/vmlinuz-6.1 root=x console=tty0 console=ttyS0,115200\n',
}

test('a Debian as it should be', async () => {
  expect(await linuxIn(filesOf(debian), unpack)).toEqual({
    system: 'Debian 12',
    kernels: [
      {
        path: '/boot/vmlinuz-6.1',
        version: '6.1',
        initrd: '/boot/initrd.img-6.1',
        virtioDisk: 'module',
        virtioNetwork: 'module',
      },
    ],
    mounts: [
      { device: 'UUID=1234', at: '/' },
      { device: '/dev/sda2', at: 'none' },
    ],
    bootConfig: '/boot/grub/grub.cfg',
    consoles: ['tty0', 'ttyS0,115200'],
    cloudInit: true,
    sshd: true,
    tiedToCard: [],
  } satisfies LinuxFound)
})

test("a /boot of its own, with the family's own entries", async () => {
  const tree = { '/vmlinuz-5.14': '', '/initramfs-5.14.img': initrd('virtio_blk', 'virtio_pci'), '/grub2/grub.cfg': '' }
  const entry = { '/loader/entries/a.conf': 'title x\noptions root=UUID=1 console=ttyS0\n' }
  const found = await linuxIn(filesOf({ ...tree, ...entry }), unpack)
  expect(found).toMatchObject({ bootConfig: '/grub2/grub.cfg', consoles: ['ttyS0'] })
  expect(found?.kernels).toMatchObject([
    { initrd: '/initramfs-5.14.img', virtioDisk: 'module', virtioNetwork: 'not known' },
  ])
})

test('data is no system', async () => expect(await linuxIn(filesOf({ '/photos/a.jpg': 'x' }), unpack)).toBeUndefined())

describe('the disk driver of a kernel', () => {
  const bare = { '/etc/hostname': 'x', '/boot/vmlinuz-1': '' }
  test.each<[string, Record<string, string | Buffer>, string]>([
    ['is built in', { '/boot/config-1': 'CONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_BLK=y' }, 'built in'],
    [
      'is built in, by the list',
      { '/lib/modules/1/modules.builtin': 'kernel/virtio_pci.ko\nkernel/virtio_blk.ko\n' },
      'built in',
    ],
    ['is in the ramdisk', { '/boot/initrd-1': initrd('virtio_blk', 'virtio_pci') }, 'module'],
    ['is half there', { '/boot/initrd-1': initrd('virtio_blk') }, 'missing'],
    [
      'is only on the disk that it is for',
      {
        '/boot/initrd-1': initrd(),
        '/lib/modules/1/modules.dep': 'kernel/virtio_blk.ko:',
        '/boot/config-1': 'CONFIG_VIRTIO_BLK=m',
      },
      'missing',
    ],
    ['cannot be told', {}, 'not known'],
    ['cannot be told of a ramdisk unread', { '/boot/initrd-1': Buffer.from('mystery') }, 'not known'],
  ])('%s', async (_what, also, virtioDisk) =>
    expect((await linuxIn(filesOf({ ...bare, ...also }), unpack))?.kernels).toMatchObject([{ virtioDisk }]),
  )
})

/** A disk with one Linux partition of a system. */
async function diskOf(tree: Record<string, string | Buffer>, also: Partial<DiskContents> = {}): Promise<DiskContents> {
  const linux = await linuxIn(filesOf(tree), unpack)
  const partitions = [{ number: 1, start: 512, bytes: 512, type: '0x83' }]
  const fileSystems = [{ partition: 1, type: 'ext4', ...(linux && { linux }) }]
  return { table: 'mbr', partitions, fileSystems, firmware: 'BIOS', bootLoader: 'GRUB', cutShort: [], ...also }
}

describe('advice', () => {
  const { '/etc/fstab': _fstab, ...good } = debian
  const card = '/etc/sysconfig/network-scripts/ifcfg-eth0'
  test.each<[string, Record<string, string | Buffer>, Partial<DiskContents>, RegExp[]]>([
    ['none for what is well', good, {}, []],
    ['on devices by name', debian, {}, [/fstab names \/dev\/sda2: disks are \/dev\/vda/]],
    [
      'on a silent console',
      { ...good, '/boot/grub/grub.cfg': 'linux /vmlinuz quiet' },
      {},
      [/grub.cfg has no console=ttyS0/],
    ],
    ['on drivers', { ...good, '/boot/initrd.img-6.1': initrd() }, {}, [/has no virtio_blk and virtio_pci/]],
    ['on network cards', { ...good, [card]: 'HWADDR=00:11\n' }, {}, [/ifcfg-eth0 ties/]],
    [
      'on rules for them',
      { ...good, '/etc/udev/rules.d/70-persistent-net.rules': 'SUBSYSTEM=="net"' },
      {},
      [/70-persist/],
    ],
    ['on what is not installed', { '/etc/x': '', '/etc/os-release': 'PRETTY_NAME=x' }, {}, [/no cloud-init/, /no ssh/]],
    ['on UEFI', good, { firmware: 'UEFI' }, [/by UEFI only/]],
    ['on what is not whole', good, { cutShort: ['it is cut short'] }, [/^it is cut short$/]],
    ['on no boot loader', good, { firmware: 'none' }, [/no boot loader/]],
    [
      'on an unknown disk',
      good,
      { table: 'none', firmware: 'none', fileSystems: [] },
      [/neither a partition table nor/],
    ],
    ['on xfs', good, { fileSystems: [{ partition: 2, type: 'xfs' }] }, [/xfs file system of partition 2 was not/]],
  ])('%s', async (_what, tree, also, expected) => {
    const advice = adviceFor(await diskOf(tree, also))
    expect(advice).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(advice[index]).toMatch(pattern)
  })

  const bare = (type: string) => ({ table: 'none', firmware: 'none', fileSystems: [{ partition: 0, type }] }) as const
  test('on a paravirtual root', async () => {
    expect(adviceFor(await diskOf(good), 'paravirtual')).toEqual([expect.stringMatching(/root file system alone/)])
    expect(adviceFor(await diskOf(good, bare('ext3')), 'paravirtual')).toEqual([])
    expect(adviceFor(await diskOf(good, bare('xfs')), 'paravirtual')).toEqual([
      expect.stringMatching(/no ext2.*\(xfs\)/),
    ])
    expect(adviceFor(await diskOf(good), 'iso')).toEqual([expect.stringMatching(/image build/)])
  })

  test('is a refusal only where no boot is possible', async () => {
    expect(whyNoHvm(await diskOf(good))).toBeUndefined()
    expect(whyNoHvm(await diskOf(good, bare('ext4')))).toMatch(/one file system \(ext4\), not a disk/)
    expect(whyNoHvm(await diskOf(good, { ...bare('ext4'), firmware: 'BIOS' }))).toBeUndefined()
    expect(whyNoHvm(await diskOf(good, bare('vfat')))).toBeUndefined()
    expect(whyNoHvm(await diskOf(good, { firmware: 'UEFI' }))).toMatch(
      /by UEFI only .* except in fidelity aws: install/,
    )
  })

  test('of a cloud with UEFI is what the image has to be registered with', async () => {
    const disk = await diskOf(good, { firmware: 'UEFI' })
    expect(whyNoHvm(disk, true)).toBeUndefined()
    expect(adviceFor(disk, 'hvm', true)).toEqual(['it boots by UEFI only: it is registered with BootMode uefi'])
    expect(adviceFor(await diskOf(good, { firmware: 'BIOS or UEFI' }), 'hvm', true)).toEqual([])
  })
})
