import { expect, it } from 'vitest'
import { startChecksum } from '../../../src/protocol/signature/checksums.ts'
import { form, signed, told } from '../post-form.test.support.ts'
import { servedS3 } from '../service.test.support.ts'

const clouds = { eucalyptus: servedS3(), aws: servedS3('aws', 'us-east-1') }

const sum = startChecksum('sha256')
sum.update(Buffer.from('hello'))
const ofHello = sum.digest().toString('base64')

async function post(fidelity: 'aws' | 'eucalyptus', value: string, file: string) {
  const { call } = clouds[fidelity]
  await call('PUT /mine')
  await call('DELETE /mine/key')
  const conditions = [{ bucket: 'mine' }, { key: 'key' }, { 'x-amz-checksum-sha256': value }]
  const fields = signed(conditions, { key: 'key', 'x-amz-checksum-sha256': value })
  return call('POST /mine', { as: 'anonymous', ...form(fields, file) })
}

it('a file with the checksum of its form is stored with it', async () => {
  const reply = await post('aws', ofHello, 'hello')
  expect(reply).toMatchObject({ status: 204, headers: { 'x-amz-checksum-sha256': ofHello } })
  const shown = await clouds.aws.call('HEAD /mine/key', { headers: { 'x-amz-checksum-mode': 'ENABLED' } })
  expect(shown.headers['x-amz-checksum-sha256']).toBe(ofHello)
})

it.each([
  ['another checksum', ofHello, 'other', '400 BadDigest'],
  ['what is no checksum', 'jerry', 'hello', '400 InvalidRequest'],
])('a file with %s is refused and not kept', async (_, value, file, expected) => {
  expect(told(await post('aws', value, file))).toBe(expected)
  expect(await clouds.aws.call('HEAD /mine/key')).toMatchObject({ status: 404 })
})

it('Eucalyptus does not look at it', async () => {
  expect(told(await post('eucalyptus', ofHello, 'other'))).toBe('204')
})
