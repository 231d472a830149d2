import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Readable } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { freshCloud, type TestCloud, told, userKey } from '../cloud.harness.ts'
import { gatedHypervisor } from '../hypervisor.harness.ts'

const changed = (location: string) => ({ bucket: location.split('/')[0] ?? '', key: location.replace(/^[^/]*\//, '') })

/** Puts other bytes in place of an object, with its ACL. */
async function overwrite(it: TestCloud, location: string, text: string): Promise<void> {
  const { bucket, key } = changed(location)
  const present = await it.cloud.objects.findObject(bucket, key)
  if (!present) throw new Error(`there is no ${location}`)
  await it.cloud.objects.putObject({ ...present, body: Readable.from([Buffer.from(text)]) })
}

describe('a launch', () => {
  test('of an HVM image boots from an overlay on the unpacked image', async () => {
    const it = await freshCloud()
    const id = await it.run({ InstanceType: 'm1.xlarge' })
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    const { spec } = it.hypervisor.machine(id)
    const files = it.cloud.files.machine(id)
    expect(spec).toMatchObject({
      id,
      folder: files.folder,
      memoryMiB: 1024,
      cpus: 2,
      boot: { kind: 'disk' },
      console: files.console,
    })
    expect(spec.drives.map(({ id: drive, serial, file }) => [drive, serial, file])).toEqual([
      ['root', 'euca-bdm-emi-dev-vda', files.root],
      ['ephemeral0', 'euca-bdm-ephemeral-dev-vdb', files.ephemeral(0)],
      ['ephemeral1', 'euca-bdm-ephemeral-dev-vdc', files.ephemeral(1)],
      ['ephemeral2', 'euca-bdm-ephemeral-dev-vdd', files.ephemeral(2)],
    ])
    expect(readdirSync(files.folder).sort()).toEqual([
      'console.log',
      'ephemeral0.qcow2',
      'ephemeral1.qcow2',
      'ephemeral2.qcow2',
      'root.qcow2',
    ])
  })

  test.each([
    ['the first partition', {}, 'root=/dev/vda1 console=ttyS0'],
    ['what its manifest says', { root: '/dev/vda3' }, 'root=/dev/vda3 console=ttyS0'],
  ])('of a paravirtual image boots its kernel with %s as root', async (_title, blockDeviceMapping, commandLine) => {
    const it = await freshCloud()
    const id = await it.run({ ImageId: await it.register({ virtualization: 'paravirtual', blockDeviceMapping }) })
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    const { boot, drives } = it.hypervisor.machine(id).spec
    expect(boot).toMatchObject({ kind: 'kernel', commandLine, kernel: expect.stringMatching(/\.file$/) })
    expect(boot).toHaveProperty('ramdisk', expect.stringMatching(/\.file$/))
    expect(drives).toHaveLength(1)
  })

  test('of an image that is unpacked already unpacks nothing', async () => {
    const it = await freshCloud()
    const ImageId = await it.register()
    for (const _ of [1, 2, 3]) await it.run({ ImageId })
    await it.idle()
    expect(readdirSync(it.cloud.files.images)).toHaveLength(1)
  })

  test('waits for a free core', async () => {
    const { around, starting, open } = gatedHypervisor()
    const it = await freshCloud({ around })
    const free = availableParallelism()
    const ImageId = await it.register()
    await it.call('RunInstances', { ImageId, MinCount: String(free + 2), MaxCount: String(free + 2) })
    await vi.waitFor(() => expect(starting).toHaveLength(free))
    const waiting = it.cloud.instances.list().find(({ id }) => !starting.includes(id))
    await it.call('TerminateInstances', { 'InstanceId.1': waiting?.id ?? '' })
    expect(starting).toHaveLength(free)
    open()
    await it.idle()
    expect(starting).toHaveLength(free + 1)
    const states = it.cloud.instances.list().map(({ state }) => state)
    expect(states.filter((state) => state === 'running')).toHaveLength(free + 1)
    expect(states.filter((state) => state === 'terminated')).toHaveLength(1)
  })
})

describe('a launch that fails ends the instance with the reason', () => {
  const failed = 'terminated FAILED: The instance failed to start on the NC. -- '
  test.each<[string, (it: TestCloud, ImageId: string, location: string) => Promise<unknown>, RegExp]>([
    [
      'a manifest that was changed',
      async (it, _, location) => overwrite(it, location, `${(await it.cloud.imaging.readManifest(location)).text}\n`),
      /^\[Instance manifest was changed after registration\]$/,
    ],
    [
      'a manifest that was removed',
      (it, _, location) => it.cloud.objects.deleteObject(changed(location).bucket, changed(location).key),
      /^\[There is no manifest \S+\]$/,
    ],
    [
      'a part that was removed',
      (it, _, location) => it.cloud.objects.deleteObject(changed(location).bucket, 'a/disk.part.01'),
      /^\[The part \S+\/a\/disk.part.01 does not exist\]$/,
    ],
    [
      'a part that was changed',
      (it, _, location) => overwrite(it, location.replace('manifest.xml', 'part.00'), 'x'),
      /part/,
    ],
    [
      'an image that is gone',
      (it, ImageId) => it.cloud.store.change((draft) => it.cloud.images.in(draft).remove(ImageId)),
      /^\[the image \S+ does not exist\]$/,
    ],
  ])('%s', async (_title, harm, reason) => {
    const it = await freshCloud()
    const ImageId = await it.register()
    const location = it.cloud.images.get(ImageId)?.location ?? ''
    const launch = it.cloud.machines.launch
    // The harm is done when the request was accepted and nothing has begun.
    const held: string[] = []
    Object.assign(it.cloud.machines, { launch: (id: string) => held.push(id) })
    const id = await it.run({ ImageId })
    await harm(it, ImageId, location)
    for (const one of held) launch(one)
    await it.idle()
    const sentence = await told(it, id)
    expect(sentence.slice(0, failed.length)).toBe(failed)
    expect(sentence.slice(failed.length)).toMatch(reason)
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(readdirSync(it.cloud.files.images)).toEqual([])
  })

  test.each<[string, (it: TestCloud, location: string) => Promise<unknown>, string]>([
    [
      'changed',
      async (it, at) => overwrite(it, at, `${(await it.cloud.imaging.readManifest(at)).text}\n`),
      'was changed',
    ],
    ['removed', (it, at) => it.cloud.objects.deleteObject(changed(at).bucket, changed(at).key), 'There is no manifest'],
  ])('a manifest that was %s, also when the image is unpacked already', async (_title, harm, reason) => {
    const it = await freshCloud()
    const ImageId = await it.register()
    const first = await it.run({ ImageId })
    await it.idle()
    await harm(it, it.cloud.images.get(ImageId)?.location ?? '')
    const second = await it.run({ ImageId })
    await it.idle()
    expect(await told(it, first)).toBe('running ')
    expect(await told(it, second)).toContain(reason)
  })

  test('a paravirtual image that leaves no room for swap', async () => {
    const it = await freshCloud({
      settings: { instanceTypes: [{ name: 'm1.small', cpus: 1, memoryMiB: 64, disk: 0.4, diskCount: 1 }] },
    })
    const id = await it.run({ ImageId: await it.register({ virtualization: 'paravirtual' }) })
    await it.idle()
    expect(await told(it, id)).toMatch(
      /^terminated FAILED: .* -- \[image too large to accommodate swap and ephemeral: /,
    )
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
  })

  test('a hypervisor that refuses', async () => {
    const it = await freshCloud({ guests: { refuses: () => 'no memory' } })
    const id = await it.run()
    await it.idle()
    expect(await told(it, id)).toBe(`${failed}[machine ${id} did not start: no memory]`)
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.underWay.size + it.host.running.size).toBe(0)
  })

  test('a signature by a certificate that is not the account’s', async () => {
    const it = await freshCloud()
    const [mine, other] = await Promise.all([userKey(it.cloud), userKey(it.cloud)])
    await it.cloud.accounts.addCertificate(it.administrator.accountId, mine.certificate)
    const good = await it.run({ ImageId: await it.register({ userPrivateKey: mine.privateKey }) })
    const bad = await it.run({ ImageId: await it.register({ userPrivateKey: other.privateKey }) })
    await it.idle()
    expect(await told(it, good)).toBe('running ')
    expect(await told(it, bad)).toContain("The manifest's signature was made with no certificate of account")
  })
})
