import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readTarget, targetOf } from './target.ts'

const account = { accountId: '000000000001', accessKeyId: 'AKIA', secretAccessKey: 'secret' }
const given = {
  name: 'a cloud',
  fidelity: 'eucalyptus',
  region: 'eucalyptus',
  zone: 'one',
  endpoints: {
    ec2: 'http://c/services/compute',
    s3: 'http://c/services/objectstorage',
    sts: 'http://c/services/Tokens',
  },
  administrator: account,
  capabilities: ['s3'],
  instanceType: { name: 'm1.small', diskGiB: 5 },
  timeScale: 2,
}

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()

async function file(content: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-target-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'cloud.pem'), pem)
  await writeFile(join(folder, 'damaged.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  await writeFile(join(folder, 'target.json'), JSON.stringify(content))
  return join(folder, 'target.json')
}

test('a whole target is what its file says', () => {
  expect(targetOf(given)).toEqual(given)
  const user = { ...account, accountId: '000000000002' }
  const more = { ...given, user, cloudCertificate: 'PEM', capabilities: ['s3', 'images', 'two-accounts'] }
  expect(targetOf(more)).toEqual(more)
})

test.each([
  ['no object', [], /file is missing/],
  ['a field missing', { ...given, zone: undefined }, /file\.zone must be text/],
  ['a field within', { ...given, endpoints: { ec2: 'http://c' } }, /endpoints\.s3 must be a URL/],
  ['no endpoints', { ...given, endpoints: undefined }, /endpoints is missing/],
  ['a wrong fidelity', { ...given, fidelity: 'azure' }, /fidelity is "azure"/],
  ['an unknown capability', { ...given, capabilities: ['flying'] }, /capability "flying" is none of s3/],
  ['capabilities that are no list', { ...given, capabilities: 's3' }, /capabilities must be a list/],
  ['a time scale of nothing', { ...given, timeScale: 0 }, /timeScale must be a number above 0/],
  ['no second account', { ...given, capabilities: ['two-accounts'] }, /declares two-accounts, but has no user/],
  ['no certificate', { ...given, capabilities: ['images'] }, /declares images, but has no cloudCertificate/],
  ['no host for buckets', { ...given, capabilities: ['virtual-hosts'] }, /has no endpoints\.virtualHosts/],
  ['an endpoint that is no URL', { ...given, endpoints: { ...given.endpoints, ec2: 'ec2.c/x' } }, /ec2 must be a URL/],
  ['a file as an endpoint', { ...given, endpoints: { ...given.endpoints, s3: 'file:///x' } }, /s3 must be a URL/],
  ['keys in an endpoint', { ...given, endpoints: { ...given.endpoints, s3: 'http://a:b@c/' } }, /without keys/],
  [
    'a query of an endpoint',
    { ...given, endpoints: { ...given.endpoints, s3: 'http://c/?a=b' } },
    /without keys and query/,
  ],
  ['no end of time', { ...given, timeScale: 1e300 }, /timeScale must be a number above 0, 100 at most/],
  ['half an account', { ...given, administrator: { accountId: '1' } }, /administrator\.accessKeyId/],
])('%s is refused', (_, target, message) => expect(() => targetOf(target)).toThrow(message))

test('a certificate may lie beside the file', async () => {
  const path = await file({ ...given, cloudCertificate: 'cloud.pem' })
  expect(await readTarget(path)).toMatchObject({ cloudCertificate: pem })
})

test('what the file leaves out comes from the variables of the clients', async () => {
  const { endpoints: _, administrator: __, region: ___, ...rest } = given
  const environment = {
    EC2_URL: 'http://c/ec2',
    S3_URL: 'http://c/s3',
    AWS_IAM_URL: 'http://c/iam',
    TOKEN_URL: 'http://c/sts',
    EUCA_BOOTSTRAP_URL: 'http://c/empyrean',
    AWS_ACCESS_KEY: 'AKIA',
    AWS_SECRET_KEY: 'secret',
    EC2_USER_ID: '0000-0000-0001',
  }
  expect(await readTarget(await file(rest), environment)).toMatchObject({
    region: 'eucalyptus',
    endpoints: { ec2: 'http://c/ec2', s3: 'http://c/s3', sts: 'http://c/sts' },
    administrator: account,
  })
  await expect(readTarget(await file(rest))).rejects.toThrow(/none of these variables is set/)
})

test.each<[string, object, boolean]>([
  ['https://ec2.eu-west-1.amazonaws.com', {}, true],
  ['https://s3.cn-north-1.amazonaws.com.cn', {}, true],
  ['https://s3.us-east-1.api.aws', {}, true],
  ['https://s3.us-east-1.api.aws', { bills: false }, false],
  ['https://S3.EU-WEST-1.AMAZONAWS.COM.', {}, true],
  ['https://s3.eusc-de-east-1.amazonaws.eu', {}, true],
  ['https://amazonaws.com.example.org', {}, false],
  ['https://example.org', { bills: true }, true],
])('whether %s with %j bills is %s', (s3, more, bills) => {
  const target = targetOf({ ...given, ...more, endpoints: { ...given.endpoints, s3 } })
  expect(target.bills ?? false).toBe(bills)
})

test.each<[object, RegExp]>([
  [{ bill: true }, /field of no meaning: bill$/],
  [{ administrator: { ...account, secret: 'x' } }, /field of no meaning: administrator\.secret$/],
  [{ cloudCertificate: 'target.json' }, /cloudCertificate target\.json is none/],
  [{ cloudCertificate: 'damaged.pem' }, /cloudCertificate damaged\.pem is none/],
  [{ cloudCertificate: '-----BEGIN CERTIFICATE-----' }, /cloudCertificate in the file is none/],
])('a file with %j is refused', async (more, message) => {
  await expect(readTarget(await file({ ...given, ...more }))).rejects.toThrow(message)
})

test('a file that is no JSON is named', async () => {
  const path = await file(given)
  await writeFile(path, '{"name": // a comment')
  await expect(readTarget(path)).rejects.toThrow(/target\.json is no JSON: /)
})
