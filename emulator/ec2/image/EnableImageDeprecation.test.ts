import { describe, expect, test } from 'vitest'
import { freshCloud, items, theText } from '../../cloud.harness.ts'

test('shape: eucalyptus does not know the action', async () => {
  const it = await freshCloud()
  const sent = { ImageId: 'emi-12345678', DeprecateAt: '2026-02-01T00:00:00Z' }
  expect(await it.refusal('EnableImageDeprecation', sent)).toBe(
    '400 400 Bad Request: Failed to find binding for action EnableImageDeprecation',
  )
})

test('refusals: a time that is none, has passed, or is too far away; an image that is not there', async () => {
  const it = await freshCloud({ fidelity: 'aws' })
  const ImageId = await it.register()
  for (const DeprecateAt of ['soon', '2025-12-31T23:59:00Z', '2036-06-01T00:00:00Z', '2027']) {
    expect(await it.refusal('EnableImageDeprecation', { ImageId, DeprecateAt })).toBe(
      `400 InvalidParameterValue: Value (${DeprecateAt}) for parameter DeprecateAt is invalid.`,
    )
  }
  const sent = { ImageId: 'ami-12345678', DeprecateAt: '2026-02-01T00:00:00Z' }
  expect(await it.refusal('EnableImageDeprecation', sent)).toMatch(/^400 InvalidAMIID.NotFound: /)
})

describe('effect', () => {
  test('from that time on others have to ask for it, or to name it; it still runs', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const user = await it.account('user')
    const ImageId = await it.register()
    await it.call('ModifyImageAttribute', { ImageId, 'LaunchPermission.Add.1.Group': 'all' })
    await it.call('EnableImageDeprecation', { ImageId, DeprecateAt: '2026-01-02T00:00:30Z' })
    const seen = async (parameters: Record<string, string> = {}, as = user) =>
      items(await it.call('DescribeImages', parameters, as), 'imagesSet')
    expect((await seen()).map((one) => theText(one, 'deprecationTime'))).toEqual(['2026-01-02T00:00:00.000Z'])
    await it.clock.advance(24 * 60 * 60_000)
    expect(await seen()).toEqual([])
    expect(await seen({ IncludeDeprecated: 'true' })).toHaveLength(1)
    expect(await seen({ 'ImageId.1': ImageId })).toHaveLength(1)
    expect(await seen({}, it.administrator)).toHaveLength(1)
    await it.run({ ImageId }, user)
    await it.idle()
    await it.call('DisableImageDeprecation', { ImageId })
    expect(await seen()).toHaveLength(1)
  })
})
