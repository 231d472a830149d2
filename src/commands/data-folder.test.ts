import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { queryClient } from '../client/ec2.ts'
import { list } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import { createAccount } from './account.ts'
import { readDataFolder } from './data-folder.ts'
import { eucarcFolder, writeEucarc } from './eucarc.ts'

const work = mkdtempSync(join(tmpdir(), 'commands-'))
const data = join(work, 'data')
const emulator = await startEmulator({
  catalog: false,
  data,
  port: 0,
  hypervisor: {
    start: () => Promise.reject(new Error('nothing is booted here')),
    describe: async () => ({ name: 'fake', version: '1', accelerator: 'none', pace: 0, uefi: true }),
    close: async () => undefined,
  },
})
const folder = await readDataFolder(data)
afterAll(async () => {
  await emulator.stop()
  rmSync(work, { recursive: true })
})

const client = (keys: { accessKeyId: string; secretAccessKey: string }) =>
  queryClient({
    ...keys,
    endpoint: `${emulator.url}/services/compute`,
    region: 'x',
    service: 'ec2',
    version: '2016-11-15',
  })

describe('the data folder', () => {
  test('has the credentials and the address of its emulator', () =>
    expect(folder).toMatchObject({ ...emulator.credentials, url: emulator.url, region: 'eucalyptus', data }))

  test('of no emulator says what to do', async () =>
    expect(readDataFolder(join(work, 'nowhere'))).rejects.toThrow(
      `no emulator was ever started on ${join(work, 'nowhere')}: run "euca-emu start" or name its --data`,
    ))
})

describe('account create', () => {
  test('makes an account that can sign', async () => {
    const made = JSON.parse(await createAccount(folder, 'alice', true))
    const answer = await client(made).call('DescribeImages')
    expect(list(answer, 'imagesSet')).toEqual([])
  })

  test('tells a person the same', async () => {
    const told = await createAccount(folder, 'bob', false)
    expect(told).toMatch(
      /^account {12}\d{12} {2}bob\ncanonical id {7}[0-9a-f]{64}\naccess key id {6}AKI\w+\nsecret access key {2}\w{40}\n-----BEGIN CERT/,
    )
    expect(told).toMatch(/-----END PRIVATE KEY-----\n$/)
  })

  test.each([
    ['eucalyptus', 'an account named eucalyptus exists already'],
    ['No Good', '"No Good" cannot be an account\'s name: 3 to 63 lower-case letters, digits and hyphens'],
  ])('refuses %s', async (name, sentence) =>
    expect(createAccount(folder, name, false)).rejects.toMatchObject({ name: 'CommandFailed', message: sentence }),
  )

  test.each<[string, object, string]>([
    ['without its emulator', { url: 'http://127.0.0.1:9' }, 'no emulator answers at http://127.0.0.1:9'],
    ['with the token of another', { adminToken: 'other' }, 'the token of credentials.json is needed'],
  ])('%s says so', async (_title, also, sentence) =>
    expect(createAccount({ ...folder, ...also }, 'carol', false)).rejects.toThrow(sentence),
  )
})

describe('eucarc', () => {
  test('writes a folder that sh can read, with a key that only its owner can', async () => {
    expect(await eucarcFolder(folder)).toBeUndefined()
    const target = join(work, "it's mine")
    const eucarc = await writeEucarc(folder, target)
    expect(await eucarcFolder(folder)).toBe(target)
    const read = execFileSync('sh', ['-c', '. "$0"; cat "$EC2_CERT" "$EC2_PRIVATE_KEY" "$EUCALYPTUS_CERT"', eucarc], {
      encoding: 'utf8',
    })
    const [user, cloud] = read.match(/-----BEGIN CERTIFICATE[\s\S]*?-----END CERTIFICATE-----\n/g) ?? []
    const key = createPrivateKey(readFileSync(join(target, 'user-pk.pem')))
    expect(new X509Certificate(user ?? '').checkPrivateKey(key)).toBe(true)
    expect(cloud).toBe(emulator.cloudCertificate)
    expect(['user-pk.pem', 'eucarc'].map((name) => (statSync(join(target, name)).mode & 0o777).toString(8))).toEqual([
      '600',
      '600',
    ])
  })

  test.skipIf(!existsSync('/proc/self'))('throws where there can be no folder, instead of trying for ever', async () =>
    expect(writeEucarc(folder, '/proc/none/deep')).rejects.toMatchObject({ code: 'ENOENT' }),
  )
})
