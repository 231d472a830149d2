import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { bundleCloud, digest, never } from './bundle-cloud.harness.ts'
import { bundleImage } from './image-bundle.ts'
import { deleteBundle } from './image-delete.ts'
import { downloadBundle } from './image-download.ts'
import { unbundleImage } from './image-unbundle.ts'
import { upload } from './image-upload.ts'

const { cloud, work, rc, image, folder, bucket, keys } = await bundleCloud()

describe('an image', () => {
  test('is bundled into files, uploaded, downloaded, unpacked and deleted', async () => {
    // Folders that are not there are made.
    const [made, got, out] = [join(folder(), 'a', 'b'), join(folder(), 'c'), join(folder(), 'd')]
    const name = bucket()
    const manifest = await bundleImage(
      { image, arch: 'x86_64', destination: made, partSize: 50_000 },
      async () => cloud,
      never,
    )
    expect(readdirSync(made)).toEqual(
      [...[0, 1, 2, 3].map((n) => `disk.raw.part.0${n}`), 'disk.raw.manifest.xml'].sort(),
    )
    const location = await upload({ bucket: `${name}/a//b`, manifest }, cloud, never)
    expect(location).toBe(`${name}/a//b/disk.raw.manifest.xml`)
    const stored = { bucket: `${name}/a//b`, prefix: 'disk.raw' }
    await downloadBundle({ ...stored, directory: got }, cloud, never)
    for (const file of readdirSync(made)) expect(digest(join(got, file))).toBe(digest(join(made, file)))
    expect(readdirSync(got)).toEqual(readdirSync(made))
    const path = await unbundleImage(
      { manifest: join(got, 'disk.raw.manifest.xml'), destination: out },
      async () => cloud,
      never,
    )
    expect([path, digest(path)]).toEqual([join(out, 'disk.raw'), digest(image)])
    await deleteBundle({ ...stored, clear: true }, cloud, never)
    expect(await cloud.objects().bucketExists(name)).toBe(false)
  })

  test('is bundled on the way to a bucket, and unpacked on the way back', async () => {
    const [out, name] = [folder(), bucket()]
    expect(await upload({ bucket: name, image, prefix: 'mine' }, cloud, never)).toBe(`${name}/mine.manifest.xml`)
    expect(await keys(name)).toEqual(['mine.manifest.xml', 'mine.part.00'])
    const path = await unbundleImage({ bucket: name, prefix: 'mine', destination: out }, async () => cloud, never)
    expect([path, digest(path), readdirSync(out)]).toEqual([join(out, 'mine'), digest(image), ['mine']])
  })

  test('says in its manifest what the options say', async () => {
    const made = folder()
    const text = readFileSync(
      await bundleImage(
        {
          ...{ image, arch: 'i386', kernel: 'eki-1', ramdisk: 'eri-1', user: '0000-1111-2222', prefix: 'x' },
          ...{ blockDeviceMappings: 'ephemeral0=sdb,ami=sda1', productcodes: 'a,b', destination: made },
        },
        async () => cloud,
        never,
      ),
      'utf8',
    )
    expect(text).toContain('<architecture>i386</architecture><block_device_mapping><mapping><virtual>ami</virtual>')
    expect(text).toContain(
      '<product_code>b</product_code></product_codes><kernel_id>eki-1</kernel_id><ramdisk_id>eri-1<',
    )
    expect(text).toContain('<name>x</name><user>000011112222</user><type>machine</type>')
    expect(text).toMatch(/<signature>[0-9a-f]{512}</)
  })

  test('that is a kernel says so by the word true, and by its type', async () => {
    const made = folder()
    const manifest = await bundleImage(
      { image, arch: 'x86_64', kernel: 'true', destination: made },
      async () => cloud,
      never,
    )
    expect(readFileSync(manifest, 'utf8')).toMatch(/<kernel_id>true<\/kernel_id>.*<type>kernel<\/type>/)
  })

  test('is bundled without any cloud when certificate and account are named', async () => {
    const made = folder()
    const asked = {
      image,
      arch: 'x86_64',
      user: '000011112222',
      ec2cert: join(rc, 'cloud-cert.pem'),
      destination: made,
    }
    const noCloud = () => Promise.reject(new Error('the cloud was asked'))
    expect(readFileSync(await bundleImage(asked, noCloud, never), 'utf8')).toContain('<signature>UNSIGNED</signature>')
  })
})

describe('refused', () => {
  const asked = { image, arch: 'x86_64' }
  const inCloud = async () => cloud
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a kernel with a ramdisk',
      () => bundleImage({ ...asked, kernel: 'true', ramdisk: 'eri-1' }, inCloud, never),
      /a kernel image has no kernel, ramdisk or mapping/,
    ],
    [
      'a ramdisk with a mapping',
      () => bundleImage({ ...asked, ramdisk: 'true', blockDeviceMappings: 'a=b' }, inCloud, never),
      /a ramdisk image has no/,
    ],
    [
      'half a mapping',
      () => bundleImage({ ...asked, blockDeviceMappings: 'ami' }, inCloud, never),
      /VIRTUAL=DEVICE.*"ami"/,
    ],
    ['an account without a number', () => bundleImage({ ...asked, user: 'me' }, inCloud, never), /12 digits, not me/],
    ['a name with a slash', () => bundleImage({ ...asked, prefix: 'a/b' }, inCloud, never), /no slash, so not "a\/b"/],
    ['an image that is not there', () => bundleImage({ ...asked, image: '/nothing' }, inCloud, never), /\/nothing/],
    ...(['cert', 'privatekey', 'ec2cert'] as const).map((option): [string, () => Promise<unknown>, RegExp] => [
      `a file that is no ${option}`,
      () => bundleImage({ ...asked, [option]: image }, inCloud, never),
      /disk.raw holds no .* in PEM form/,
    ]),
    [
      'a file that is no key to unbundle with',
      () => unbundleImage({ manifest: '/nothing', privatekey: image }, inCloud, never),
      /disk.raw holds no RSA private key/,
    ],
    ['neither manifest nor image', () => upload({ bucket: 'b' }, cloud, never), /--manifest.*--image/],
    ['no bucket', () => upload({ bucket: '/', image }, cloud, never), /a bucket has a name/],
    ['a bucket name that the cloud refuses', () => upload({ bucket: 'a b', image }, cloud, never), /^a b: .*refused/],
    [
      'no manifest',
      () => downloadBundle({ bucket: 'nowhere', prefix: 'x' }, cloud, never),
      /^manifest 'nowhere\/x.manifest.xml' does not exist on the server$/,
    ],
    [
      'two ways to name a manifest',
      () => downloadBundle({ bucket: 'b', prefix: 'x', manifest: 'y' }, cloud, never),
      /--manifest, or/,
    ],
    ['nothing to unbundle', () => unbundleImage({}, inCloud, never), /--manifest, or a --bucket/],
    [
      'to delete what is not there',
      () => deleteBundle({ bucket: 'nowhere', manifest: 'x' }, cloud, never),
      /^manifest 'nowhere\/x' does not exist/,
    ],
  ])('%s', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message)
  })

  /** A bundle whose manifest is changed as a hostile cloud could. */
  async function hostile(from: RegExp, to: string): Promise<string> {
    const made = folder()
    const manifest = await bundleImage({ ...asked, destination: made, partSize: 100_000 }, async () => cloud, never)
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(from, to))
    return manifest
  }

  test.each([
    [
      'an image that would be a hidden file',
      /<name>disk.raw</,
      '<name>.profile<',
      /cannot be that of a file: ".profile"/,
    ],
    ['an image above the folder', /<name>disk.raw</, '<name>../x<', /cannot be that of a file/],
    ['a part above the folder', /disk.raw.part.01/, '../x', /part 1 has the name/],
    ['another digest of a part', /(index="1">.*?<digest[^>]*>)..../, '$1beef', /part disk.raw.part.01 .* digest/],
    ['a part that is not there', /disk.raw.part.01/, 'x.part.01', /the part x.part.01 of .* does not exist/],
  ])('to unbundle %s, with nothing left', async (_, from, to, message) => {
    const out = folder()
    const unbundling = unbundleImage({ manifest: await hostile(from, to), destination: out }, async () => cloud, never)
    await expect(unbundling).rejects.toThrow(message)
    expect(readdirSync(out)).toEqual([])
  })

  test('to download a part under the name of another file', async () => {
    const [out, name] = [folder(), bucket()]
    await upload({ bucket: name, image }, cloud, never)
    const objects = cloud.objects()
    const text = (await objects.getObject(name, 'disk.raw.manifest.xml', 1e6))?.toString() ?? ''
    const bytes = Buffer.from(text.replace('disk.raw.part.00', 'authorized_keys'))
    await objects.putObject(name, 'x.manifest.xml', bytes, bytes.length, {})
    const downloading = downloadBundle({ bucket: name, prefix: 'x', directory: out }, cloud, never)
    await expect(downloading).rejects.toThrow('the part authorized_keys')
    expect(readdirSync(out)).toEqual([])
  })

  test('to unbundle with the key of another', async () => {
    const name = bucket()
    await upload({ bucket: name, image }, cloud, never)
    const other = join(work, 'other.pem')
    execFileSync('openssl', ['genrsa', '-out', other, '2048'], { stdio: 'ignore' })
    const unbundling = unbundleImage(
      { bucket: name, prefix: 'disk.raw', privatekey: other, destination: work },
      async () => cloud,
      never,
    )
    await expect(unbundling).rejects.toThrow('does not open with the private key')
  })
})

test('an upload that is interrupted, or whose part was changed, leaves nothing', async () => {
  const [made, name] = [folder(), bucket()]
  const asked = { image, arch: 'x86_64', destination: made, partSize: 50_000 }
  const manifest = await bundleImage(asked, async () => cloud, never)
  const interruption = new AbortController()
  const put = vi.fn()
  vi.spyOn(process.stderr, 'write').mockImplementation(() => {
    put()
    interruption.abort(new Error('interrupted'))
    return true
  })
  await expect(upload({ bucket: name, manifest }, cloud, interruption.signal)).rejects.toThrow('interrupted')
  expect(put).toHaveBeenCalledOnce()
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  writeFileSync(join(made, 'disk.raw.part.02'), 'changed')
  await expect(upload({ bucket: name, manifest }, cloud, never)).rejects.toThrow('part disk.raw.part.02 (7 bytes)')
  expect(await keys(name)).toEqual([])
})

test('a bundling that is interrupted leaves nothing', async () => {
  const made = folder()
  const interruption = new AbortController()
  vi.spyOn(process.stderr, 'write').mockImplementation(() => {
    interruption.abort(new Error('interrupted'))
    return true
  })
  const asked = { image, arch: 'x86_64', destination: made, partSize: 16 }
  await expect(bundleImage(asked, async () => cloud, interruption.signal)).rejects.toThrow('interrupted')
  expect(readdirSync(made)).toEqual([])
})
