import { randomBytes } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { userKey } from '../../cloud.harness.ts'
import { instanceTypes } from '../../state/settings.ts'
import { registerEbs } from '../volume/volume.harness.ts'
import {
  type Asked,
  bundle,
  bundleParameters,
  bundlingCloud,
  keys,
  runBundle,
  states,
  tasks,
  unbundled,
} from './bundle.harness.ts'

describe('shape', () => {
  test.each(['InstanceId', 'Bucket', 'Prefix', 'AWSAccessKeyId', 'UploadPolicy', 'UploadPolicySignature'])(
    '%s is required',
    async (name) => {
      const it = await bundlingCloud()
      const all = Object.entries(bundleParameters(it, 'i-12345678')).filter(([sent]) => !sent.endsWith(`.${name}`))
      const parameters = Object.fromEntries(all.filter(([sent]) => sent !== name))
      expect(await it.refusal('BundleInstance', parameters)).toMatch(new RegExp(`^400 MissingParameter: .*\\b${name}$`))
    },
  )
})

describe('refusals', async () => {
  const policy = (...conditions: unknown[]) => ({ conditions })
  const long = policy({ bucket: 'backups' }, { acl: 'ec2-bundle-read' }, 'x'.repeat(3100))
  const rows: [name: string, asked: Asked, expected: string][] = [
    [
      'a bucket with a slash',
      { Bucket: 'a/bc' },
      '400  InvalidParameterValue: Value (a/bc) for parameter Bucket is invalid.',
    ],
    [
      'a prefix of two letters',
      { Prefix: 'ab' },
      '400  InvalidParameterValue: Value (ab) for parameter Prefix is invalid.',
    ],
    [
      'a long policy',
      { policy: long },
      '400  InvalidParameterValue: Value for parameter UploadPolicy is invalid (too long)',
    ],
    ['a policy that is no JSON', { policy: 'x' }, '400 InvalidParameterValue: Value for UploadPolicy is invalid.'],
    ['a policy without conditions', { policy: {} }, '400 InvalidParameterValue: Value for UploadPolicy is invalid.'],
    [
      'a wrong signature',
      { signature: 'AAAA' },
      '400 InvalidParameterValue: Value for UploadPolicySignature is invalid.',
    ],
    [
      'a key of nobody',
      { AWSAccessKeyId: 'AKIA' },
      '400 InvalidParameterValue: Value (AKIA) for AWSAccessKeyId is invalid.',
    ],
    [
      'a token of nobody',
      { policy: policy({ 'x-amz-security-token': 't' }), AWSAccessKeyId: 'AKIA' },
      '400 InvalidParameterValue: Value (AKIA) for AWSAccessKeyId is invalid.',
    ],
    [
      'a policy for another bucket',
      { policy: policy({ bucket: 'other' }, { acl: 'ec2-bundle-read' }) },
      '400 InvalidParameterValue: Custom policy is not acceptable for bundle instance',
    ],
    [
      'a policy for another ACL',
      { policy: policy({ bucket: 'backups' }, { acl: 'private' }) },
      '400 InvalidParameterValue: Custom policy is not acceptable for bundle instance',
    ],
  ]
  test('of what is asked leave no bucket', async () => {
    const it = await bundlingCloud()
    const id = await it.run()
    await it.idle()
    for (const [name, asked, expected] of rows) {
      expect(await it.refusal('BundleInstance', bundleParameters(it, id, asked)), name).toBe(expected)
    }
    expect(await keys(it)).toBeUndefined()
    expect(await tasks(it)).toEqual([])
  })

  test('of what there is already', async () => {
    const it = await bundlingCloud()
    const bob = await it.account('bob')
    await it.upload({ as: bob, location: 'bobs/web.manifest.xml' })
    await it.upload({ location: 'mine/web.manifest.xml' })
    const id = await it.run()
    await it.idle()
    const refusal = (asked: Asked) => it.refusal('BundleInstance', bundleParameters(it, id, asked), asked.as)
    expect(await refusal({ Bucket: 'bobs' })).toBe('400 InvalidParameterValue: Bucket already exists bobs')
    expect(await refusal({ Bucket: 'mine' })).toBe('400 InvalidParameterValue: Bucket prefix in use mine/web')
    expect(await refusal({ Bucket: 'services' })).toBe('500 InternalError: Unable to create bucket services')
    expect(await refusal({ as: bob })).toBe(`400 InvalidInstanceID.NotFound: The instance ID '${id}' does not exist`)
    const broken = await it.refusal('BundleInstance', bundleParameters(it, 'i-1'))
    expect(broken).toBe('400 InvalidInstanceID.Malformed: Invalid id: "i-1"')
    expect(await keys(it)).toBeUndefined()
  })

  test('of an instance that does not run, or is being bundled', async () => {
    const it = await bundlingCloud({ guests: { obeysPowerButton: () => false } })
    const id = await it.run()
    const refusal = () => it.refusal('BundleInstance', bundleParameters(it, id, { Prefix: 'other' }))
    const notRunning = `400 InvalidState: Failed to bundle requested vm because it is not currently 'running': ${id}`
    expect(await refusal()).toBe(notRunning)
    await it.idle()
    await bundle(it, id)
    const inProgress = `400 BundlingInProgress: Instance is already being bundled: ${id.replace('i-', 'bun-')}`
    expect(await refusal()).toBe(inProgress)
  })

  test('AWS bundles Windows on instance-store only', async () => {
    const it = await bundlingCloud({ fidelity: 'aws' })
    const id = await it.run()
    await it.idle()
    const refusal = await it.refusal('BundleInstance', bundleParameters(it, id))
    expect(refusal).toMatch(
      /^400 UnsupportedOperation: The instance 'i-\w{17}' is not an instance-store backed Windows/,
    )
    const place = await it.refusal('BundleInstance', bundleParameters(it, id, { Prefix: 'ab' }))
    expect(place).toBe('400 InvalidParameterValue: Value (ab) for parameter Prefix is invalid.')
  })
})

describe('effect', () => {
  test('the whole disk is in the bucket, and the instance runs again', async () => {
    const it = await bundlingCloud()
    const bytes = randomBytes(70_000)
    const id = await it.run({ ImageId: await it.register({ bytes }) })
    await it.idle()
    const before = it.hypervisor.machine(id)
    const task = await bundle(it, id)
    expect(task).toMatchObject({
      bundleId: id.replace('i-', 'bun-'),
      instanceId: id,
      state: 'pending',
      startTime: '2026-01-01T00:00:00.000Z',
      progress: '0',
      storage: { S3: { bucket: 'backups', prefix: 'web' } },
    })
    await it.idle()
    expect(await tasks(it)).toEqual([`${id.replace('i-', 'bun-')} ${id} complete 100`])
    expect(await keys(it)).toEqual(['web.manifest.xml', 'web.part.00'])
    expect(it.hypervisor.machine(id)).not.toBe(before)
    expect(it.cloud.instances.get(id)?.state).toBe('running')
    const disk = Buffer.concat([bytes], 2 ** 23)
    expect((await unbundled(it, 'backups/web.manifest.xml')).equals(disk)).toBe(true)
    expect((await runBundle(it, 'backups/web.manifest.xml')).equals(disk)).toBe(true)
  })

  test('it goes to the user who asked, for the cloud alone to unbundle, and says whose instance it was', async () => {
    const it = await bundlingCloud()
    const bob = await it.account('bob')
    await it.cloud.accounts.addCertificate(bob.accountId, (await userKey(it.cloud)).certificate)
    const id = await it.run({}, bob)
    await it.idle()
    await bundle(it, id, { as: bob, Prefix: 'p'.repeat(150) })
    await it.idle()
    expect(await states(it)).toEqual([])
    expect(await tasks(it, {}, bob)).toHaveLength(1)
    const key = `${'p'.repeat(150)}.manifest.xml`
    const { manifest } = await it.cloud.imaging.readManifest(`backups/${key}`)
    expect(manifest).toMatchObject({ accountId: bob.accountId, architecture: 'x86_64', kind: 'machine' })
    expect((await it.cloud.objects.findObject('backups', key))?.acl.owner.accountId).toBe(bob.accountId)
    const registered = await it.call(
      'RegisterImage',
      { Name: 'again', ImageLocation: `backups/${key}`, VirtualizationType: 'hvm' },
      bob,
    )
    const again = await it.run({ ImageId: (registered as { imageId: string }).imageId }, bob)
    await it.idle()
    // Its signature is by the cloud's key, not by one of the account's certificates.
    expect(it.cloud.instances.get(again)?.state).toBe('running')
  })

  test.each([
    ['a paravirtual instance it is the disk with all its partitions, with kernel and ramdisk', 'paravirtual'],
    ['an EBS-backed instance it is the root volume', 'ebs'],
  ])('of %s', async (_, kind) => {
    const it = await bundlingCloud({ settings: { instanceTypes } })
    const isEbs = kind === 'ebs'
    const id = await it.run({
      ImageId: await (isEbs ? registerEbs(it) : it.register({ virtualization: 'paravirtual' })),
    })
    await it.idle()
    // Gibibytes of zeros would take a while.
    const job = vi.spyOn(it.cloud.bundling, 'bundle').mockResolvedValue()
    await bundle(it, id)
    await it.idle()
    const { kernelId, ramdiskId } = it.cloud.instances.get(id) ?? {}
    const bytes = isEbs ? 2 ** 30 : expect.closeTo(5 * 2 ** 30, -5)
    expect(job.mock.lastCall?.[0]).toMatchObject({ bytes, ...(!isEbs && { kernelId, ramdiskId }) })
    expect(await states(it)).toEqual(['complete'])
  })

  test('of AWS it tells more', async () => {
    const it = await bundlingCloud({ fidelity: 'aws' })
    const id = await it.run({ ImageId: await it.register({ kernelId: 'windows' }) })
    await it.idle()
    const task = await bundle(it, id)
    expect(task).toMatchObject({
      bundleId: expect.stringMatching(/^bun-[0-9a-f]{17}$/),
      progress: '0%',
      storage: { S3: { awsAccessKeyId: it.administrator.accessKeyId, uploadPolicy: expect.any(String) } },
    })
    await it.idle()
    expect(await states(it)).toEqual(['complete'])
  })

  test('a second bundle of the same instance takes the place of the first task', async () => {
    const it = await bundlingCloud()
    const id = await it.run()
    await it.idle()
    for (const Prefix of ['first', 'second']) {
      await bundle(it, id, { Prefix })
      await it.idle()
    }
    expect(await states(it)).toEqual(['complete'])
    expect(await keys(it)).toEqual(['first', 'second'].flatMap((name) => [`${name}.manifest.xml`, `${name}.part.00`]))
  })
})
