import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { cpioArchive } from '../../fixtures/cpio.ts'
import { type Archive, freshArchive, hostArchive, unpack } from '../../fixtures/debian.ts'
import { RECIPE_TIME } from '../../fixtures/recipe.ts'
import { openToolbox, type Toolbox } from '../../fixtures/toolbox.ts'
import { file } from '../../fixtures/tree.ts'

/** What stands on the serial console when the installer waits for the nonce of the image. */
export const installerQuestion = 'nonce? '

/** The answer that makes the installer switch the machine off with nothing on its disk. */
export const installerRefusal = 'none'

/** The installer: asks, puts boot loader, partition table and system on the empty disk, writes the answer into it. */
const installer = `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done < /modules/first
until [ -b /dev/vda ]; do usleep 20000; done
printf '${installerQuestion}'
read -r nonce
[ "$nonce" = '${installerRefusal}' ] && poweroff -f
zcat /system.gz | dd of=/dev/vda bs=1M 2>/dev/null
sync
blockdev --rereadpt /dev/vda
until [ -b /dev/vda1 ]; do usleep 20000; done
mount -t ext4 /dev/vda1 /newroot
printf 'EUCA-EMU-NONCE:%s\\n' "$nonce" > /newroot/etc/euca-emu-nonce
umount /newroot
sync
echo "installed $nonce"
poweroff -f
`

const grubConfig = `set root=(cd)
linux16 /vmlinuz console=ttyS0 no_timer_check quiet cryptomgr.notests nokaslr
initrd16 /initrd
boot
`

const programs = ['xorriso', 'grub-common', 'grub-pc-bin', 'e2fsprogs', 'libc6']

/** Makes an installer disc at `target`, of the starter images and with tools of Debian packages that are not installed. */
export async function makeInstaller(target: string): Promise<void> {
  const cache = defaultCache()
  const work = await mkdtemp(join(dirname(target), 'installer-'))
  try {
    const tools = await fetchTools(cache, join(work, 'packages'))
    const disc = join(work, 'disc')
    await mkdir(disc)
    await fillDisc(cache, disc)
    await makeBootable(tools, work, disc)
    const boot = ['-b', 'eltorito.img', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table']
    await tools.run('bin/xorriso', ['-as', 'mkisofs', '-V', 'INSTALLER', ...boot, '-o', target, disc])
  } finally {
    await rm(work, { recursive: true })
  }
}

async function fetchTools(cache: string, root: string): Promise<Toolbox> {
  const from = async (archive: Archive) => {
    const names = await archive.closure(programs, (name) => /^(lib|zlib1g)/.test(name))
    const packages = await archive.files(names)
    await archive.download(names)
    for (const { file: name } of packages) await unpack(join(archive.folder, name), root)
  }
  // Where the host's package lists do not do, with lists that are fetched now.
  await from(await hostArchive(cache)).catch(async () => from(await freshArchive(cache)))
  return openToolbox(root, RECIPE_TIME)
}

/** Puts the kernel on the disc, and the starter ramdisk with the installer and the system behind it. */
async function fillDisc(cache: string, disc: string): Promise<void> {
  const fixtures = await installedFixtures(cache)
  const hvm = fixtures.find(({ virtualization }) => virtualization === 'hvm')
  const paravirtual = fixtures.find(({ virtualization }) => virtualization === 'paravirtual')
  if (hvm?.virtualization !== 'hvm' || paravirtual?.virtualization !== 'paravirtual') {
    throw new Error(`no starter images in ${cache}: build them with "euca-emu fixtures build"`)
  }
  const system = gzipSync(await readFile(hvm.files.disk))
  const added = gzipSync(cpioArchive([file('init', installer, 0o755), file('system.gz', system)]), { level: 1 })
  await writeFile(join(disc, 'vmlinuz'), await readFile(paravirtual.files.kernel))
  await writeFile(join(disc, 'initrd'), Buffer.concat([await readFile(paravirtual.files.ramdisk), added]))
}

async function makeBootable(tools: Toolbox, work: string, disc: string): Promise<void> {
  const configuration = join(work, 'grub.cfg')
  await writeFile(configuration, grubConfig)
  const folder = dirname(tools.find('i386-pc/cdboot.img'))
  const options = ['-O', 'i386-pc-eltorito', '-d', folder, '-p', '(cd)/', '-c', configuration]
  const image = ['-o', join(disc, 'eltorito.img')]
  await tools.run('bin/grub-mkimage', [...options, ...image, 'biosdisk', 'iso9660', 'linux16'])
}
