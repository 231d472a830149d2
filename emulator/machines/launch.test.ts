import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { items, type TestCloud, type TestCloudOptions, testCloud, theText } from '../cloud.harness.ts'
import type { Hypervisor } from '../node/hypervisor.ts'

async function opened(options?: TestCloudOptions): Promise<TestCloud> {
  const it = await testCloud(options)
  onTestFinished(it.close)
  return it
}

/** The state and the reason of an instance, as DescribeInstances tells them. */
async function told(it: TestCloud, id: string): Promise<string> {
  const answer = await it.call('DescribeInstances', { 'InstanceId.1': id })
  const [reservation = ''] = items(answer, 'reservationSet')
  const [instance] = items(reservation, 'instancesSet')
  return `${theText(instance, 'instanceState', 'name')} ${theText(instance, 'reason')}`
}

/** A hypervisor whose starts wait until `open`, or until they are broken off. */
function gate() {
  const starting: string[] = []
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const around = (hypervisor: Hypervisor): Hypervisor => ({
    ...hypervisor,
    start: async (spec, options = {}) => {
      starting.push(spec.id)
      const brokenOff = new Promise<never>((_, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
      })
      await Promise.race([opened, brokenOff])
      return hypervisor.start(spec, options)
    },
  })
  return { around, starting, open: () => open() }
}

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
    const it = await opened()
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
    const it = await opened()
    const id = await it.run({ ImageId: await it.register({ virtualization: 'paravirtual', blockDeviceMapping }) })
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    const { boot, drives } = it.hypervisor.machine(id).spec
    expect(boot).toMatchObject({ kind: 'kernel', commandLine, kernel: expect.stringMatching(/\.file$/) })
    expect(boot).toHaveProperty('ramdisk', expect.stringMatching(/\.file$/))
    expect(drives).toHaveLength(1)
  })

  test('of an image that is unpacked already unpacks nothing', async () => {
    const it = await opened()
    const ImageId = await it.register()
    for (const _ of [1, 2, 3]) await it.run({ ImageId })
    await it.idle()
    expect(readdirSync(it.cloud.files.images)).toHaveLength(1)
  })

  test('waits for a free core', async () => {
    const { around, starting, open } = gate()
    const it = await opened({ around })
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
    const it = await opened()
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

  test('a paravirtual image that leaves no room for swap', async () => {
    const it = await opened({
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
    const it = await opened({ guests: { refuses: () => 'no memory' } })
    const id = await it.run()
    await it.idle()
    expect(await told(it, id)).toBe(`${failed}[machine ${id} did not start: no memory]`)
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.underWay.size + it.host.running.size).toBe(0)
  })

  test('a signature by a certificate that is not the account’s', async () => {
    const it = await opened()
    const [mine, other] = await Promise.all(['01', '02'].map((n) => certified(it, n)))
    await it.cloud.accounts.addCertificate(it.administrator.accountId, mine?.certificate ?? '')
    const good = await it.run({ ImageId: await it.register({ userPrivateKey: mine?.privateKey ?? '' }) })
    const bad = await it.run({ ImageId: await it.register({ userPrivateKey: other?.privateKey ?? '' }) })
    await it.idle()
    expect(await told(it, good)).toBe('running ')
    expect(await told(it, bad)).toContain("The manifest's signature was made with no certificate of account")
  })
})

async function certified(it: TestCloud, serial: string) {
  return certifiedKey('user', serial, it.cloud.clock)
}

describe('an end', () => {
  test.each<[string, (it: TestCloud, id: string) => void, string]>([
    ['the guest powers off', (it, id) => it.hypervisor.machine(id).powerOff(), 'terminated NORMAL: '],
    [
      'the machine breaks',
      (it, id) => it.hypervisor.machine(id).crash('signal SIGSEGV'),
      'terminated FAILED: The machine of the instance ended unexpectedly. -- [signal SIGSEGV]',
    ],
  ])('when %s', async (_title, happens, expected) => {
    const it = await opened()
    const id = await it.run({ InstanceInitiatedShutdownBehavior: 'stop' })
    await it.idle()
    happens(it, id)
    await vi.waitFor(async () => expect(await told(it, id)).toBe(expected))
    await it.idle()
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.running.size).toBe(0)
  })

  test('while it is launched', async () => {
    const { around, starting } = gate()
    const it = await opened({ around })
    const id = await it.run()
    await vi.waitFor(() => expect(starting).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.underWay.size + it.host.running.size).toBe(0)
  })

  test('while it is launched by a hypervisor that does not listen', async () => {
    let finish: () => void = () => undefined
    const slow = new Promise<void>((resolve) => {
      finish = resolve
    })
    const starting: string[] = []
    const around = (hypervisor: Hypervisor): Hypervisor => ({
      ...hypervisor,
      start: async (spec) => {
        starting.push(spec.id)
        await slow
        return hypervisor.start(spec)
      },
    })
    const it = await opened({ around })
    const id = await it.run()
    await vi.waitFor(() => expect(starting).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    finish()
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(() => it.hypervisor.machine(id)).toThrow('no machine')
  })

  test('of a guest that is gone as soon as it was there', async () => {
    const around = (hypervisor: Hypervisor): Hypervisor => ({
      ...hypervisor,
      start: async (spec, options) => {
        const machine = await hypervisor.start(spec, options)
        await machine.powerButton()
        return machine
      },
    })
    const it = await opened({ around })
    const id = await it.run()
    await it.idle()
    await vi.waitFor(async () => expect(await told(it, id)).toBe('terminated NORMAL: '))
  })
})

describe('a reboot', () => {
  test('of an obedient guest is at once, from the same disks', async () => {
    const it = await opened()
    const id = await it.run()
    await it.idle()
    const first = it.hypervisor.machine(id)
    it.cloud.machines.reboot(id)
    await it.idle()
    const second = it.hypervisor.machine(id)
    expect(second).not.toBe(first)
    expect(second.spec).toEqual(first.spec)
    expect(await first.ended).toMatchObject({ reason: 'power-off' })
    expect(readdirSync(it.cloud.files.machine(id).folder)).toContain('console.log.old')
    expect(await told(it, id)).toBe('running ')
  })

  test('of a deaf guest comes after the grace', async () => {
    const pressed: string[] = []
    const it = await opened({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    const first = it.hypervisor.machine(id)
    it.cloud.machines.reboot(id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await it.clock.advance(59_999)
    expect(it.hypervisor.machine(id)).toBe(first)
    await it.clock.advance(1)
    await it.idle()
    expect(it.hypervisor.machine(id)).not.toBe(first)
    expect(await first.ended).toMatchObject({ reason: 'ended' })
    expect(await told(it, id)).toBe('running ')
  })

  test('is broken off by an end', async () => {
    const pressed: string[] = []
    const it = await opened({ guests: { obeysPowerButton: ({ id }) => pressed.push(id) < 0 } })
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    await vi.waitFor(() => expect(pressed).toEqual([id]))
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(await told(it, id)).toBe('terminated USER_TERMINATED: User terminated.')
    expect(existsSync(it.cloud.files.machine(id).folder)).toBe(false)
    expect(it.host.running.size).toBe(0)
  })

  test('that fails ends the instance', async () => {
    let boots = 0
    const refuses = () => {
      boots += 1
      return boots > 1 ? 'no memory any more' : undefined
    }
    const it = await opened({ guests: { refuses } })
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    await it.idle()
    expect(await told(it, id)).toContain(`[machine ${id} did not start: no memory any more]`)
  })

  test('that comes too late does nothing', async () => {
    const it = await opened()
    const id = await it.run()
    await it.idle()
    it.hypervisor.machine(id).powerOff()
    it.cloud.machines.reboot(id)
    await it.idle()
    await vi.waitFor(async () => expect(await told(it, id)).toBe('terminated NORMAL: '))
  })

  test('asked for twice happens twice, one after the other', async () => {
    const it = await opened()
    const id = await it.run()
    await it.idle()
    it.cloud.machines.reboot(id)
    it.cloud.machines.reboot(id)
    await it.idle()
    expect(await told(it, id)).toBe('running ')
    expect(it.host.running.size).toBe(1)
  })
})
