import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { list } from '../client/xml.ts'
import { bundleCloud, digest, never } from './bundle-cloud.harness.ts'
import { findCloud } from './find-cloud.ts'
import { unbundleImage } from './image-unbundle.ts'
import { upload } from './image-upload.ts'

const { emulator, work, data, rc, image, folder, bucket } = await bundleCloud()
const emulatorsOwn = await findCloud(data, data)

describe('a cloud is found', () => {
  const home = join(work, 'home')
  mkdirSync(join(home, '.euca'), { recursive: true })
  mkdirSync(join(home, '.aws'))
  const { accessKeyId, secretAccessKey, accountId } = emulator.credentials
  const keysText = (id: string, secret: string) => `${id} = ${accessKeyId}\n${secret} = ${secretAccessKey}\n`
  const services = { ec2: `${emulator.url}/services/compute`, s3: `${emulator.url}/services/objectstorage` }
  writeFileSync(
    join(home, '.euca', 'x.ini'),
    `[user me]\n${keysText('key-id', 'secret-key')}account-id = ${accountId}\ncertificate = ${rc}/user-cert.pem\n` +
      `[region there]\nec2-url = ${services.ec2}\ns3-url = ${services.s3}\nuser = me\ncertificate = ${rc}/cloud-cert.pem\n`,
  )
  writeFileSync(join(home, '.aws', 'config'), `[profile dev]\nregion = x\nendpoint_url = ${emulator.url}\n`)
  writeFileSync(join(home, '.aws', 'credentials'), `[dev]\n${keysText('aws_access_key_id', 'aws_secret_access_key')}`)
  const environment = {
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const machine = { home, environment }

  test.each([undefined, data, rc, join(rc, 'eucarc'), 'env', 'there', 'me@there', 'dev'])('by %s', async (where) => {
    const found = await findCloud(where, data, machine)
    expect(await found.accountId()).toBe(accountId)
    expect(list(await found.ec2.call('DescribeAvailabilityZones'), 'availabilityZoneInfo')).toHaveLength(1)
    expect(await found.objects().bucketExists('no-such-bucket')).toBe(false)
    expect((await found.cloudCertificate()).trim()).toBe(emulator.cloudCertificate.trim())
  })

  test('the emulator opens with its own key what is encrypted for no user', async () => {
    const [out, name] = [folder(), bucket()]
    const own = { ...emulatorsOwn, userCertificate: async () => undefined }
    await upload({ bucket: name, image }, own, never)
    const path = await unbundleImage(
      { bucket: name, prefix: 'disk.raw', destination: out },
      async () => emulatorsOwn,
      never,
    )
    expect(digest(path)).toBe(digest(image))
  })

  test.each([
    ['nobody', /^there is no file, data folder or profile nobody$/],
    [home, /^no emulator was ever started on /],
  ])('not by %s', async (where, message) => {
    await expect(findCloud(where, data, machine)).rejects.toThrow(message)
  })

  test('not by an environment without keys', async () => {
    await expect(findCloud('env', data, { home, environment: {} })).rejects.toThrow(/^the environment: none of these/)
  })
})
