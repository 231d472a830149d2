import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { bundle } from '../src/bundle/bundler.ts'
import type { ImageKind } from '../src/bundle/manifest.ts'
import { writeManifest } from '../src/bundle/manifest-writer.ts'
import { addToCatalog, type CatalogImage, catalogBucket } from './catalog.ts'
import { testCloud } from './cloud.harness.ts'

const it = await testCloud()
const folder = mkdtempSync(join(tmpdir(), 'catalog-'))
afterAll(async () => {
  await it.close()
  rmSync(folder, { recursive: true })
})
const cloudCertificate = readFileSync(it.cloud.files.cloudCertificate, 'utf8')

/** A catalog image whose parts lie in files. */
async function catalogImage(
  name: string,
  prefix: string,
  kind: ImageKind = 'machine',
  also: Partial<CatalogImage> = {},
) {
  const bytes = randomBytes(20_000)
  const parts: { filename: string; path: string }[] = []
  const set = await bundle(Readable.from([bytes]), { name, size: bytes.length }, async (part) => {
    const path = join(folder, `${prefix}-${part.filename}`)
    writeFileSync(path, part.bytes)
    parts.push({ filename: part.filename, path })
  })
  const { accountId } = it.credentials
  const manifest: CatalogImage['manifest'] = (ids) =>
    writeManifest(set, { accountId, kind, architecture: 'x86_64', cloudCertificate, ...ids })
  return {
    name,
    virtualization: 'hvm' as const,
    prefix,
    parts,
    manifestName: `${name}.manifest.xml`,
    manifest,
    ...also,
  }
}
const add = (image: CatalogImage) => addToCatalog(it.cloud, it.credentials, image)

describe('a catalog image', () => {
  test('is registered for everybody and boots', async () => {
    const record = await add(await catalogImage('tiny', 'tiny-1'))
    expect(record).toMatchObject({
      public: true,
      state: 'available',
      location: `${catalogBucket}/tiny-1/tiny.manifest.xml`,
    })
    const id = await it.run({ ImageId: record.id }, await it.account('somebody'))
    await it.idle()
    expect(it.cloud.instances.get(id)?.state).toBe('running')
  })

  test('of the same bytes is not registered again; one of other bytes takes its place', async () => {
    const first = await add(await catalogImage('changing', 'changing-1'))
    const id = await it.run({ ImageId: first.id })
    expect((await add(await catalogImage('changing', 'changing-1'))).id).toBe(first.id)
    const second = await add(await catalogImage('changing', 'changing-2'))
    expect(second.id).not.toBe(first.id)
    expect(it.cloud.images.get(first.id)).toMatchObject({ state: 'deregistered' })
    await it.idle()
    expect(it.cloud.instances.get(id)?.state).toBe('running')
  })

  test('that is paravirtual names its kernel and its ramdisk', async () => {
    const kernel = await add(await catalogImage('pv-kernel', 'pv-kernel-1', 'kernel'))
    const ramdisk = await add(await catalogImage('pv-ramdisk', 'pv-ramdisk-1', 'ramdisk'))
    const also = { virtualization: 'paravirtual' as const, kernel: 'pv-kernel', ramdisk: 'pv-ramdisk' }
    expect(await add(await catalogImage('paravirtual', 'paravirtual-1', 'machine', also))).toMatchObject({
      virtualization: 'paravirtual',
      kernelId: kernel.id,
      ramdiskId: ramdisk.id,
      public: true,
    })
  })

  test('whose name a user has used is registered all the same', async () => {
    await it.register({ as: await it.account('squatter'), parameters: { Name: 'popular' } })
    expect(await add(await catalogImage('popular', 'popular-1'))).toMatchObject({ ownerId: it.credentials.accountId })
  })
})
