import { describe, expect, test, vi } from 'vitest'
import { deep, freshCloud, type TestCloud, theText, told } from '../cloud.harness.ts'
import { keysOf } from '../ec2/task/task.harness.ts'
import { cannedAcl } from '../objects/acl.ts'
import { assume, behind, makeRole } from '../sessions.harness.ts'

const region = { SourceRegion: 'eucalyptus', Name: 'copy' }
const denied = '400 InvalidRequest: You do not have permission to access the storage of this ami'

const copy = async (it: TestCloud, SourceImageId: string, as = it.administrator): Promise<string> =>
  theText(await it.call('CopyImage', { SourceImageId, ...region }, as), 'imageId')

const shown = async (it: TestCloud, id: string, as = it.administrator) =>
  deep(await it.call('DescribeImages', { 'ImageId.1': id }, as), 'imagesSet', '0')

/** Where an image's bundle lies. */
function placeOf(it: TestCloud, id: string): { bucket: string; folder: string; manifest: string } {
  const [bucket = '', folder = '', manifest = ''] = (it.cloud.images.get(id)?.location ?? '').split('/')
  return { bucket, folder, manifest }
}

/** Removes an image's bundle from Object Storage. */
async function removeBundle(it: TestCloud, id: string): Promise<void> {
  const { bucket } = placeOf(it, id)
  for (const key of await keysOf(it, bucket)) await it.cloud.objects.deleteObject(bucket, key)
}

const keysFor = async (it: TestCloud, id: string): Promise<string[]> => {
  const { bucket, folder } = placeOf(it, id)
  return (await keysOf(it, bucket)).filter((key) => key.startsWith(`${folder}/`))
}

const aws = () => freshCloud({ fidelity: 'aws' })

/** Lets nobody log the failure of a copy that is meant to fail. */
async function expectingFailure(work: () => Promise<void>): Promise<void> {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await work()
  expect(errors).toHaveBeenCalledOnce()
  errors.mockRestore()
}

test.each(['hvm', 'paravirtual'] as const)(
  'a copy of an instance-store image (%s) has a bundle of its own in its bucket, and outlives the first',
  async (virtualization) => {
    const it = await aws()
    const original = await it.register({ virtualization })
    const id = await copy(it, original)
    expect(await shown(it, id)).toMatchObject({ imageState: 'pending', rootDeviceType: 'instance-store' })
    await it.idle()
    const { kernelId, ramdiskId, virtualizationType } = (await shown(it, original)) as Record<string, unknown>
    expect(await shown(it, id)).toMatchObject({
      ...{ imageState: 'available', name: 'copy', virtualizationType },
      ...(virtualization === 'paravirtual' && { kernelId, ramdiskId }),
      imageLocation: expect.stringMatching(
        new RegExp(`^amis-for-${it.administrator.accountId}-in-eucalyptus-[0-9a-f]{8}/${id}/disk.manifest.xml$`),
      ),
    })
    await removeBundle(it, original)
    await it.call('DeregisterImage', { ImageId: original })
    const instance = await it.run({ ImageId: id })
    await it.idle()
    expect(await told(it, instance)).toBe('running ')
    // Two copies of one image do not meet.
    const again = theText(await it.call('CopyImage', { SourceImageId: id, ...region, Name: 'again' }), 'imageId')
    await it.idle()
    expect((await keysFor(it, again)).length).toBe((await keysFor(it, id)).length)
  },
)

describe('an image of another account', () => {
  test('is copied by whom it is shared with, if they may read its bundle, into a bucket of theirs', async () => {
    const it = await aws()
    const user = await it.account('user')
    const SourceImageId = await it.register()
    await it.call('ModifyImageAttribute', { ImageId: SourceImageId, 'LaunchPermission.Add.1.UserId': user.accountId })
    expect(await it.refusal('CopyImage', { SourceImageId, ...region }, user)).toBe(denied)
    const { bucket } = placeOf(it, SourceImageId)
    for (const key of await keysOf(it, bucket)) {
      await it.cloud.objects.changeObject(bucket, key, ({ acl }) => {
        const open = cannedAcl('authenticated-read', acl.owner)
        return { acl: { ...acl, grants: [...acl.grants, ...(open?.grants ?? [])] } }
      })
    }
    const id = await copy(it, SourceImageId, user)
    await it.idle()
    expect(await shown(it, id, user)).toMatchObject({ imageState: 'available', imageOwnerId: user.accountId })
    const owner = (await it.cloud.objects.findBucket(placeOf(it, id).bucket))?.acl.owner
    expect(owner?.accountId).toBe(user.accountId)
    await removeBundle(it, SourceImageId)
    const answer = await it.call('RunInstances', { ImageId: id, MinCount: '1', MaxCount: '1' }, user)
    await it.idle()
    expect(it.cloud.instances.get(theText(answer, 'instancesSet', '0', 'instanceId'))?.state).toBe('running')
  })
})

test.each<[string[], boolean]>([
  [[], false],
  [['s3:GetObject'], false],
  [['s3:PutObject'], false],
  [['s3:GetObject', 's3:PutObject'], true],
])('a role that may %j copies: %s', async (actions, copies) => {
  const it = await aws()
  const SourceImageId = await it.register()
  const { accessKeyId, sessionToken } = await assume(it, await makeRole(it, 'copier', ['ec2:*', ...actions]))
  const as = behind(it, accessKeyId, sessionToken)?.caller
  if (copies) expect(await copy(it, SourceImageId, as)).toMatch(/^ami-/)
  else expect(await it.refusal('CopyImage', { SourceImageId, ...region }, as)).toBe(denied)
  await it.idle()
})

describe('a copy that fails leaves nothing', () => {
  test('as a part is gone', async () => {
    const it = await aws()
    const original = await it.register()
    const { bucket } = placeOf(it, original)
    const part = (await keysOf(it, bucket)).filter((key) => key.includes('.part.')).at(-1)
    await it.cloud.objects.deleteObject(bucket, part ?? '')
    await expectingFailure(async () => {
      const id = await copy(it, original)
      await it.idle()
      expect(await shown(it, id)).toMatchObject({ imageState: 'failed', stateReason: { message: expect.any(String) } })
      expect(await keysFor(it, id)).toEqual([])
    })
  })

  test('as the manifest is another than was registered', async () => {
    const it = await aws()
    const original = await it.register()
    const { bucket } = placeOf(it, original)
    const location = it.cloud.images.get(original)?.location ?? ''
    await removeBundle(it, original)
    await it.upload({ location })
    expect(await keysOf(it, bucket)).not.toEqual([])
    await expectingFailure(async () => {
      const id = await copy(it, original)
      await it.idle()
      expect(await shown(it, id)).toMatchObject({
        stateReason: { message: 'Instance manifest was changed after registration' },
      })
    })
  })

  test("as the bucket is another account's", async () => {
    const it = await aws()
    const [first, original] = [await it.register(), await it.register()]
    const id = await copy(it, first)
    await it.idle()
    const { bucket } = placeOf(it, id)
    await removeBundle(it, id)
    await it.cloud.objects.deleteBucket(bucket)
    const { accountId } = await it.account('squatter')
    const owner = { accountId, canonicalId: it.cloud.accounts.byId(accountId)?.canonicalId ?? '' }
    await it.cloud.objects.createBucket({ name: bucket, acl: { owner, grants: [] }, location: '' })
    await expectingFailure(async () => {
      const answer = await it.call('CopyImage', { SourceImageId: original, ...region, Name: 'another' })
      await it.idle()
      const reason = { message: `the bucket ${bucket} is another account's` }
      expect(await shown(it, theText(answer, 'imageId'))).toMatchObject({ imageState: 'failed', stateReason: reason })
    })
  })
})

test('one that is deregistered while it is pending leaves nothing', async () => {
  const it = await aws()
  const id = await copy(it, await it.register())
  await it.call('DeregisterImage', { ImageId: id })
  await it.idle()
  expect(it.cloud.images.get(id)?.state).not.toBe('available')
  expect(await keysFor(it, id)).toEqual([])
})

test('a copy that the end of the emulator broke off is done at the next start', async () => {
  const it = await aws()
  const original = await it.register()
  const id = await copy(it, original)
  await it.idle()
  const { bucket } = placeOf(it, id)
  const [first = '', ...others] = await keysFor(it, id)
  // As things are in the midst of it.
  for (const key of others) await it.cloud.objects.deleteObject(bucket, key)
  await it.cloud.store.change((draft) => {
    const images = it.cloud.images.in(draft)
    const image = images.get(id)
    if (image) images.put({ ...image, state: 'pending', source: { imageId: original } })
  })
  const next = await it.restart('crash')
  await next.idle()
  expect(await shown(next, id)).toMatchObject({ imageState: 'available' })
  expect(await keysFor(next, id)).toEqual([first, ...others])
})
