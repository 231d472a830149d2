import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test, vi } from 'vitest'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { allOffers, offerOf } from './catalog-offers.ts'
import { tryImage } from './catalog-try.ts'

// As vendors ship disks: one format in a compression, one in an archive.
const forms: Record<string, readonly string[]> = {
  'qcow2 in xz': ['-O', 'qcow2'],
  'stream-optimised VMDK in tar in gzip': ['-O', 'vmdk', '-o', 'subformat=streamOptimized'],
}

test.each(Object.entries(forms))(
  '%s, offered by a catalog, is installed, boots and lets in',
  async (_form, options) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const hvm = (await installedFixtures(defaultCache())).find((one) => one.virtualization === 'hvm')
    if (hvm?.virtualization !== 'hvm') throw new Error('the starter images are not built')
    const work = await mkdtemp(join(tmpdir(), 'catalog-boot-'))
    const run = (command: string, ...args: string[]) => execa(command, args, { cwd: work })
    await run('qemu-img', 'convert', '-f', 'raw', ...options, hvm.files.disk, 'disk.img')
    if (options.length > 2) await run('tar', '-czf', 'image', 'disk.img')
    else await run('sh', '-c', 'xz -0 -c disk.img > image')
    const bytes = await readFile(join(work, 'image'))
    const disk = { location: 'image', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    const image = { name: 'shipped', virtualization: 'hvm', login: 'root', bootLine: hvm.bootLine, files: { disk } }
    await writeFile(join(work, 'catalog.json'), JSON.stringify({ images: [image] }))
    const { signal } = new AbortController()
    const offer = offerOf(await allOffers([join(work, 'catalog.json')], signal), 'shipped')
    const trial = await tryImage(offer, { accelerator: 'auto', memory: 4096 }, signal)
    expect(trial).toMatchObject({ name: 'shipped', booted: true, loggedIn: true })
    await rm(work, { recursive: true })
  },
)
