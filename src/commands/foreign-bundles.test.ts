import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Bundler, foreignBundle } from '../bundle/foreign.harness.ts'
import { bundleCloud, digest, never } from './bundle-cloud.harness.ts'
import { unbundleImage } from './image-unbundle.ts'
import { upload } from './image-upload.ts'

const { emulator, cloud, work, data, rc, image, folder, bucket, keys, launch } = await bundleCloud()

describe.each<Bundler>(['aws', 'euca2ools'])('a bundle in the form of %s', (bundler) => {
  const made = join(work, bundler)
  const sparse = join(work, 'sparse.img')
  writeFileSync(sparse, randomBytes(200_000))
  truncateSync(sparse, 4_000_000)
  const request = {
    ...{ image: sparse, folder: made, account: emulator.credentials.accountId },
    ...{ cloudCertificate: join(rc, 'cloud-cert.pem'), userCertificate: join(rc, 'user-cert.pem') },
    ...{ userKey: join(rc, 'user-pk.pem'), partSize: 65_536 },
  }

  test.each(['user', 'cloud'])('is unpacked with the key of the %s', async (whose) => {
    const out = folder()
    const manifest = foreignBundle(bundler, request)
    const privatekey = whose === 'user' ? join(rc, 'user-pk.pem') : join(data, 'cloud-pk.pem')
    const path = await unbundleImage({ manifest, privatekey, destination: out }, async () => cloud, never)
    expect(digest(path)).toBe(digest(sparse))
  })

  test('boots instances after upload and registration, with its signature checked', async () => {
    const name = bucket()
    const manifest = foreignBundle(bundler, request)
    const location = await upload({ bucket: `${name}/a//b`, manifest }, cloud, never)
    expect(location).toBe(`${name}/a//b/sparse.img.manifest.xml`)
    expect(await launch(name, location)).toBe('running')
  })

  test('fails a launch with a reason when its last part is short, as of a client that lost a race', async () => {
    const name = bucket()
    const manifest = foreignBundle(bundler, request)
    const location = await upload({ bucket: name, manifest }, cloud, never)
    const last = (await keys(name)).filter((key) => key.includes('.part.')).at(-1) ?? ''
    const bytes = (await cloud.objects().getObject(name, last, 1e6)) ?? Buffer.alloc(0)
    const short = bytes.subarray(0, -100)
    await cloud.objects().putObject(name, last, short, short.length, { 'x-amz-acl': 'aws-exec-read' })
    expect(await launch(name, location)).toBe('terminated')
  })
})

test('an empty last part of euca2ools, where all parts are full, is uploaded, read and booted', async () => {
  const [made, out, name] = [folder(), folder(), bucket()]
  const request = {
    ...{ image, folder: made, account: emulator.credentials.accountId, userKey: join(rc, 'user-pk.pem') },
    ...{ cloudCertificate: join(rc, 'cloud-cert.pem'), userCertificate: join(rc, 'user-cert.pem') },
  }
  // What a bundle's length is depends on gzip; it is a multiple of 16 in any case.
  const manifest = foreignBundle('euca2ools', { ...request, partSize: 16 * 1024 })
  const whole = execFileSync('sh', ['-c', `cat ${made}/*.part.* | wc -c`]).toString()
  foreignBundle('euca2ools', { ...request, partSize: Number(whole) / 16 })
  const parts = readdirSync(made).filter((file) => file.includes('.part.'))
  expect(readFileSync(manifest, 'utf8')).toContain('<parts count="17">')
  expect(readFileSync(join(made, parts[16] ?? '')).length).toBe(0)
  const location = await upload({ bucket: name, manifest }, cloud, never)
  const path = await unbundleImage({ bucket: name, prefix: 'disk.raw', destination: out }, async () => cloud, never)
  expect(digest(path)).toBe(digest(image))
  expect(await launch(name, location)).toBe('running')
})
