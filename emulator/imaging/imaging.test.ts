import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bundle } from '../../src/bundle/bundler.ts'
import { type ManifestDescription, writeManifest } from '../../src/bundle/manifest-writer.ts'
import { manualClock } from '../state/clock.ts'
import type { BundleSource } from './bundle-source.ts'
import { TemplateFailed } from './failures.ts'
import { createImaging } from './imaging.ts'
import type { ImagingWorld, Layout } from './template.ts'

function keyPair(): { publicKey: string; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
const [cloud, user, other] = [keyPair(), keyPair(), keyPair()]
const image = Buffer.concat([randomBytes(150_001), Buffer.alloc(200_000), randomBytes(1000)])

/** An object storage in memory; `denied` and `missing` stand for themselves. Counts what is read. */
function storage(objects: Map<string, Buffer | 'denied'>) {
  const reads: string[] = []
  const source: BundleSource = {
    async read(bucket, key) {
      reads.push(key)
      const found = objects.get(`${bucket}/${key}`)
      if (found === undefined) return 'missing'
      return found === 'denied' ? 'denied' : { size: found.length, body: Readable.from([found], { objectMode: false }) }
    },
  }
  return { source, reads, objects }
}

interface Change {
  description?: Partial<ManifestDescription>
  world?: Partial<ImagingWorld>
  objects?: (objects: Map<string, Buffer | 'denied'>) => void
}

/** A cloud's imaging with one bundle in its object storage. */
async function prepared({ description, world, objects: change }: Change = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'imaging-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const objects = new Map<string, Buffer | 'denied'>()
  const set = await bundle(
    Readable.from([image]),
    { name: 'disk', size: image.length, partSize: 50_000 },
    async (part) => {
      objects.set(`images/a/${part.filename}`, part.bytes)
    },
  )
  const text = writeManifest(set, {
    accountId: '000011112222',
    kind: 'machine',
    architecture: 'x86_64',
    cloudCertificate: cloud.publicKey,
    userPrivateKey: user.privateKey,
    ...description,
  })
  const location = 'images/a/disk.manifest.xml'
  objects.set(location, Buffer.from(text))
  const { source, reads } = storage(objects)
  const clock = manualClock()
  const settings: ImagingWorld = {
    objects: source,
    folder,
    cloudPrivateKey: async () => cloud.privateKey,
    certificatesOf: (accountId) => (accountId === '000011112222' ? [other.publicKey, user.publicKey] : []),
    clock,
    limits: { largestImage: 2 ** 30, unpackMilliseconds: 60_000 },
    ...world,
  }
  const imaging = await createImaging(settings)
  const { sha256 } = await imaging.readManifest(location)
  change?.(objects)
  reads.length = 0
  const registered = { location, manifestSha256: sha256 }
  return { folder, objects, reads, imaging, registered, settings, clock }
}

describe('template', () => {
  const inSectors = Buffer.concat([image, Buffer.alloc(512 - (image.length % 512))])
  test.each<[Layout, Buffer]>([
    ['file', image],
    ['disk', inSectors],
    ['partition', Buffer.concat([Buffer.alloc(32_256), inSectors])],
  ])('layout %s: a read-only file under the manifest’s digest', async (layout, expected) => {
    const { folder, imaging, registered } = await prepared()
    const progress: number[] = []
    const onProgress = (bytes: number, total: number) => progress.push(bytes, total)
    const { file, bytes } = await imaging.template({ ...registered, layout }, { onProgress })
    expect(file).toBe(join(folder, `${registered.manifestSha256}.${layout}`))
    expect(readFileSync(file).equals(expected)).toBe(true)
    expect(bytes).toBe(expected.length)
    expect(statSync(file).mode & 0o777).toBe(0o400)
    expect(progress.slice(-2)).toEqual([image.length, image.length])
    expect(readdirSync(folder).length).toBe(1)
  })

  test('launches at the same time unpack once, later ones not at all, and sweep removes the file that is not needed', async () => {
    const { folder, imaging, registered, reads, settings, objects } = await prepared()
    const key = { ...registered, layout: 'disk' as const }
    const templates = await Promise.all([imaging.template(key), imaging.template(key), imaging.template(key)])
    expect(new Set(templates.map(({ file }) => file)).size).toBe(1)
    expect(reads.filter((name) => name.endsWith('.part.00')).length).toBe(1)
    objects.clear()
    const later = await createImaging(settings)
    expect(await later.template(key)).toEqual(templates[0])
    await later.sweep(() => true)
    expect(readdirSync(folder)).toHaveLength(1)
    await later.sweep(() => false)
    expect(readdirSync(folder)).toEqual([])
    await expect(later.template(key)).rejects.toThrow('There is no manifest images/a/disk.manifest.xml')
  })

  test('a failed launch fails all who wait for it; the next one tries again', async () => {
    const { folder, imaging, registered, objects } = await prepared()
    const key = { ...registered, layout: 'disk' as const }
    const part = objects.get('images/a/disk.part.01')!
    objects.delete('images/a/disk.part.01')
    const outcomes = await Promise.allSettled([imaging.template(key), imaging.template(key)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(readdirSync(folder)).toEqual([])
    objects.set('images/a/disk.part.01', part)
    expect((await imaging.template(key)).bytes).toBe(inSectors.length)
  })

  test('unfinished files of an earlier run are removed at the start, finished ones are kept', async () => {
    const { folder, settings } = await prepared()
    writeFileSync(join(folder, 'unpacking-0000'), 'x')
    writeFileSync(join(folder, `${'0'.repeat(64)}.disk`), 'x')
    await createImaging(settings)
    expect(readdirSync(folder)).toEqual([`${'0'.repeat(64)}.disk`])
  })

  test.each<[string, Change]>([
    ['unsigned', { description: { userPrivateKey: '' } }],
    ['signed, of an account that has no certificates', { world: { certificatesOf: () => [] } }],
  ])('accepted: %s', async (_, change) => {
    const { imaging, registered } = await prepared(change)
    expect((await imaging.template({ ...registered, layout: 'file' })).bytes).toBe(image.length)
  })

  test.each<[string, Change, string]>([
    [
      'a manifest changed after registration',
      {
        objects: (all) =>
          all.set('images/a/disk.manifest.xml', Buffer.from(`${all.get('images/a/disk.manifest.xml')} `)),
      },
      'Instance manifest was changed after registration',
    ],
    [
      'a manifest that is gone',
      { objects: (all) => all.delete('images/a/disk.manifest.xml') },
      'There is no manifest images/a/disk.manifest.xml',
    ],
    [
      'a missing part',
      { objects: (all) => all.delete('images/a/disk.part.02') },
      'The part images/a/disk.part.02 does not exist',
    ],
    [
      'a private part',
      { objects: (all) => all.set('images/a/disk.part.02', 'denied') },
      'The part images/a/disk.part.02 may not be read: its ACL lacks aws-exec-read',
    ],
    [
      'a part short by some bytes',
      { objects: (all) => all.set('images/a/disk.part.01', (all.get('images/a/disk.part.01') as Buffer).subarray(9)) },
      'Part disk.part.01 (49991 bytes) does not have the digest that the manifest says',
    ],
    ['a bundle for another cloud', { description: { cloudCertificate: other.publicKey } }, 'encrypt'],
    [
      'a signature by a stranger',
      { description: { userPrivateKey: cloud.privateKey } },
      "The manifest's signature was made with no certificate of account 000011112222",
    ],
    [
      'an image beyond the limit',
      { world: { limits: { largestImage: image.length - 1, unpackMilliseconds: 1 } } },
      `The image has ${image.length} bytes, more than the ${image.length - 1} that are allowed`,
    ],
  ])('refused, with nothing left behind: %s', async (_, change, message) => {
    const { folder, imaging, registered } = await prepared(change)
    const launch = imaging.template({ ...registered, layout: 'disk' })
    await expect(launch).rejects.toThrow(TemplateFailed)
    await expect(launch).rejects.toThrow(message)
    expect(readdirSync(folder)).toEqual([])
  })

  test('an image that is larger than the disk is refused before a part is read', async () => {
    const huge = { largestImage: Number.MAX_SAFE_INTEGER, unpackMilliseconds: 60_000 }
    const { folder, imaging, objects, reads } = await prepared({ world: { limits: huge } })
    const text = `${objects.get('images/a/disk.manifest.xml')}`
      .replace(/<size>\d+/, `<size>${2 ** 49}`)
      .replace(/<signature>\w+/, '<signature>UNSIGNED')
    objects.set('images/a/huge.manifest.xml', Buffer.from(text))
    const { sha256: manifestSha256 } = await imaging.readManifest('images/a/huge.manifest.xml')
    const launch = imaging.template({ location: 'images/a/huge.manifest.xml', manifestSha256, layout: 'disk' })
    await expect(launch).rejects.toThrow(`The image needs ${2 ** 49} bytes of disk, but only`)
    expect(reads.filter((key) => key.includes('.part.'))).toEqual([])
    expect(readdirSync(folder)).toEqual([])
  })

  /** Imaging whose first part never comes; `reached` resolves when it is asked for. */
  async function stalled() {
    const { promise: reached, resolve } = deferred()
    const made = await prepared()
    const objects: BundleSource = {
      async read(bucket, key) {
        if (!key.includes('.part.')) return made.settings.objects.read(bucket, key)
        resolve()
        return { size: 1, body: new Readable({ read() {} }) }
      },
    }
    return { ...made, reached, imaging: await createImaging({ ...made.settings, objects }) }
  }

  function deferred(): { promise: Promise<void>; resolve: () => void } {
    let resolve = () => {}
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    return { promise, resolve }
  }

  test('a launch that is given up ends with its reason and leaves nothing', async () => {
    const { folder, imaging, registered, reached } = await stalled()
    const aborting = new AbortController()
    const launch = imaging.template({ ...registered, layout: 'disk' }, { signal: aborting.signal })
    await reached
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^unpacking-/)])
    const reason = new Error('the instance was terminated')
    aborting.abort(reason)
    await expect(launch).rejects.toBe(reason)
    expect(readdirSync(folder)).toEqual([])
  })

  test('an unpacking that takes too long fails and leaves nothing', async () => {
    const { folder, imaging, registered, reached, clock } = await stalled()
    const launch = imaging.template({ ...registered, layout: 'disk' })
    const outcome = expect(launch).rejects.toThrow('Unpacking the image took longer than 60 seconds')
    await reached
    await clock.advance(60_000)
    await outcome
    await expect(launch).rejects.toThrow(TemplateFailed)
    expect(readdirSync(folder)).toEqual([])
  })
})

test('checkManifest passes what was registered and refuses a change', async () => {
  const { imaging, registered, objects } = await prepared()
  expect((await imaging.checkManifest(registered)).sha256).toBe(registered.manifestSha256)
  objects.set(registered.location, Buffer.from(`${objects.get(registered.location)}\n`))
  await expect(imaging.checkManifest(registered)).rejects.toThrow('Instance manifest was changed after registration')
})
