import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, freshCloud } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const { eucalyptus, aws } = clouds

describe('shape', () => {
  test('without an image', async () =>
    expect(await eucalyptus.refusal('DeregisterImage')).toBe(
      '400 MissingParameter: The request must contain the parameter ImageId',
    ))
})

describe('refusals', () => {
  test.each([
    [
      'what is no image id',
      'vol-12345678',
      '500 InternalFailure: Invalid id: "vol-12345678"',
      '400 InvalidAMIID.Malformed: Invalid id: "vol-12345678"',
    ],
    [
      'an image that is not there',
      'emi-12345678',
      "400 InvalidAMIID.NotFound: The image ID 'emi-12345678' does not exist",
      "400 InvalidAMIID.NotFound: The image id '[emi-12345678]' does not exist",
    ],
  ])('%s', async (_title, ImageId, inEucalyptus, inAws) => {
    expect(await eucalyptus.refusal('DeregisterImage', { ImageId })).toBe(inEucalyptus)
    expect(await aws.refusal('DeregisterImage', { ImageId })).toBe(inAws)
  })

  test("another account's image: in aws hidden when private, else refused", async () => {
    for (const [it, refusal, whenPrivate] of [
      [eucalyptus, '500 InternalFailure: Not authorized to deregister image', /^500 InternalFailure: Not authorized/],
      [aws, '403 AuthFailure: Not authorized for image:ID', /^400 InvalidAMIID.NotFound: /],
    ] as const) {
      const ImageId = await it.register()
      const user = await it.account('user')
      expect(await it.refusal('DeregisterImage', { ImageId }, user)).toMatch(whenPrivate)
      await it.cloud.store.change((draft) => {
        const images = it.cloud.images.in(draft)
        images.put({ ...images.get(ImageId)!, public: true })
      })
      expect((await it.refusal('DeregisterImage', { ImageId }, user)).replace(ImageId, 'ID')).toBe(refusal)
      expect(it.cloud.images.get(ImageId)?.state).toBe('available')
    }
  })
})

describe('effect', () => {
  test('in eucalyptus once hides, twice deletes, the third time there is nothing', async () => {
    const ImageId = await eucalyptus.register()
    expect(await eucalyptus.call('DeregisterImage', { ImageId })).toMatchObject({ return: 'true' })
    expect(eucalyptus.cloud.images.get(ImageId)?.state).toBe('deregistered')
    expect(await eucalyptus.refusal('DescribeImages', { 'ImageId.1': ImageId })).toMatch(/^400 InvalidAMIID.NotFound/)
    expect(await eucalyptus.call('DeregisterImage', { ImageId })).toMatchObject({ return: 'true' })
    expect(eucalyptus.cloud.images.get(ImageId)).toBeUndefined()
    expect(await eucalyptus.refusal('DeregisterImage', { ImageId })).toMatch(/^400 InvalidAMIID.NotFound/)
  })

  test('in aws it is gone at once, and the second time unavailable', async () => {
    const ImageId = await aws.register()
    expect(await aws.call('DeregisterImage', { ImageId })).toMatchObject({ return: 'true' })
    expect(await aws.refusal('DeregisterImage', { ImageId })).toBe(
      `400 InvalidAMIID.Unavailable: The image ID '${ImageId}' is no longer available`,
    )
  })

  test('the record stays while an instance refers to it, and the instance goes on', async () => {
    const ImageId = await eucalyptus.register()
    const instance = await eucalyptus.run({ ImageId })
    await eucalyptus.idle()
    await eucalyptus.call('DeregisterImage', { ImageId })
    expect(await eucalyptus.refusal('DeregisterImage', { ImageId })).toBe(
      `400 InvalidAMIID.Unavailable: The image ID '${ImageId}' is no longer available`,
    )
    expect(eucalyptus.cloud.instances.get(instance)?.state).toBe('running')
    await eucalyptus.call('TerminateInstances', { 'InstanceId.1': instance })
    await eucalyptus.idle()
    expect(await eucalyptus.call('DeregisterImage', { ImageId })).toMatchObject({ return: 'true' })
  })

  test('in eucalyptus what nobody uses is gone after ten minutes, what an instance uses is not', async () => {
    const it = await freshCloud()
    const [free, used] = [await it.register(), await it.register()]
    await it.run({ ImageId: used })
    await it.idle()
    for (const ImageId of [free, used]) await it.call('DeregisterImage', { ImageId })
    const known = () => it.cloud.images.list().map(({ id }) => id)
    await it.clock.advance(10 * 60_000 - 1)
    const next = await it.register()
    expect(known()).toEqual([free, used, next])
    await it.clock.advance(1)
    expect(await it.refusal('DeregisterImage', { ImageId: used })).toMatch(/^400 InvalidAMIID.Unavailable: /)
    expect(await it.refusal('DeregisterImage', { ImageId: free })).toMatch(/^400 InvalidAMIID.NotFound: /)
    const last = await it.register()
    expect(known()).toEqual([used, next, last])
  })

  test('the bundle stays in Object Storage', async () => {
    const ImageId = await eucalyptus.register()
    const [bucket = '', ...key] = (eucalyptus.cloud.images.get(ImageId)?.location ?? '').split('/')
    await eucalyptus.call('DeregisterImage', { ImageId })
    await eucalyptus.call('DeregisterImage', { ImageId })
    expect(await eucalyptus.cloud.objects.findObject(bucket, key.join('/'))).toBeDefined()
  })

  test('administrators may deregister what is not theirs', async () => {
    const ImageId = await eucalyptus.register({ as: await eucalyptus.account('someone') })
    expect(await eucalyptus.call('DeregisterImage', { ImageId })).toMatchObject({ return: 'true' })
  })
})
