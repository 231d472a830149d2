import { expect, test } from 'vitest'
import { freshCloud } from '../../cloud.harness.ts'

test('shape: eucalyptus does not know the action', async () => {
  const it = await freshCloud()
  expect(await it.refusal('DisableImageDeprecation', { ImageId: 'emi-12345678' })).toBe(
    '400 400 Bad Request: Failed to find binding for action DisableImageDeprecation',
  )
})

test("refusals: another account's image", async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const ImageId = await it.register()
  expect(await it.refusal('DisableImageDeprecation', { ImageId }, await it.account('user'))).toMatch(
    /^400 InvalidAMIID.NotFound: /,
  )
})

test('effect: the time is forgotten', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const ImageId = await it.register()
  await it.call('EnableImageDeprecation', { ImageId, DeprecateAt: '2026-02-01T00:00:00Z' })
  expect(it.cloud.images.get(ImageId)?.deprecatedAt).toBe('2026-02-01T00:00:00.000Z')
  expect(await it.call('DisableImageDeprecation', { ImageId })).toMatchObject({ return: 'true' })
  expect(it.cloud.images.get(ImageId)).not.toHaveProperty('deprecatedAt')
})
