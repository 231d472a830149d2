import { expect, test } from 'vitest'
import { readIni } from './ini.ts'
import { awsProfile, eucalyptusProfile } from './profiles.ts'

test('sections, comments, spaces, colons, repeated sections and nested settings', () => {
  const read = readIni(
    '; a comment\nlost = 1\n[user me]\r\nkey-id=A\n  # another\nsecret-key : b = c \n\n[region r]\nec2-url = http://x/y\n' +
      '[user me]\nkey-id = B\n[services s]\ns3 =\n  endpoint_url = http://s3\nec2 = 1\n  endpoint_url = http://ec2',
  )
  expect(Object.fromEntries(read)).toEqual({
    'user me': { 'key-id': 'B', 'secret-key': 'b = c' },
    'region r': { 'ec2-url': 'http://x/y' },
    'services s': { s3: '', 's3.endpoint_url': 'http://s3', ec2: '1', 'ec2.endpoint_url': 'http://ec2' },
  })
})

const regions = readIni(`
[user alice]
key-id = A
secret-key = s
account-id = 000011112222
certificate = /a/cert.pem
private-key = /a/pk.pem
[user bob]
key-id = B
[region there]
user = alice
ec2-url = http://there/ec2
s3-url = http://there/s3
certificate = /there/cert.pem
[region alias]
use = there
[region loop]
use = loop
`)

test.each([
  ['there', 'A'],
  ['alias', 'A'],
  ['bob@there', 'B'],
  ['bob@alias', 'B'],
])('%s of euca2ools has the key %s', (name, key) => {
  expect(eucalyptusProfile(regions, name)).toMatchObject({
    AWS_ACCESS_KEY_ID: key,
    EC2_URL: 'http://there/ec2',
    EUCALYPTUS_CERT: '/there/cert.pem',
  })
})

test('the user of a region brings account and certificates', () => {
  expect(eucalyptusProfile(regions, 'there')).toMatchObject({
    EC2_USER_ID: '000011112222',
    EC2_CERT: '/a/cert.pem',
    EC2_PRIVATE_KEY: '/a/pk.pem',
    AWS_SECRET_ACCESS_KEY: 's',
  })
})

test.each(['nowhere', 'alice@nowhere'])('%s is no region of euca2ools', (name) => {
  expect(eucalyptusProfile(regions, name)).toBeUndefined()
})

const keys = 'aws_access_key_id = A\naws_secret_access_key = s\n'

test.each<[string, string, string, Record<string, string>]>([
  [
    'AWS itself',
    '[profile p]\nregion = eu-west-1\n',
    `[p]\n${keys}`,
    { EC2_URL: 'https://ec2.eu-west-1.amazonaws.com' },
  ],
  ['no region', '', `[p]\n${keys}`, { S3_URL: 'https://s3.us-east-1.amazonaws.com', AWS_AUTH_REGION: 'us-east-1' }],
  ['an address', `[profile p]\nendpoint_url = http://x\n${keys}`, '', { EC2_URL: 'http://x', S3_URL: 'http://x' }],
  [
    'an address for one service',
    `[profile p]\nservices = s\n${keys}[services s]\ns3 =\n  endpoint_url = http://s3`,
    '',
    { S3_URL: 'http://s3', EC2_URL: 'https://ec2.us-east-1.amazonaws.com' },
  ],
])('a profile of AWS: %s', (_, config, credentials, expected) => {
  expect(awsProfile(readIni(config), readIni(credentials), 'p')).toMatchObject({ ...expected, AWS_ACCESS_KEY_ID: 'A' })
})

test('the default profile has a section of that name, and one without keys is none', () => {
  expect(awsProfile(readIni(`[default]\n${keys}`), readIni(''), 'default')).toMatchObject({ AWS_ACCESS_KEY_ID: 'A' })
  expect(awsProfile(readIni('[profile p]\nregion = x'), readIni(''), 'p')).toBeUndefined()
})

test("the token of a session's key comes along, from either file", () => {
  const token = 'aws_session_token = t/+=\n'
  const expected = { AWS_SESSION_TOKEN: 't/+=' }
  expect(awsProfile(readIni(`[profile p]\n${keys}\n${token}`), readIni(''), 'p')).toMatchObject(expected)
  expect(awsProfile(readIni('[profile p]'), readIni(`[p]\n${keys}\n${token}`), 'p')).toMatchObject(expected)
})

test.each([
  'sso_session = s',
  'sso_start_url = https://sso',
  'role_arn = arn:aws:iam::1:role/r',
  'source_profile = other',
  'credential_source = Environment',
  'credential_process = /bin/keys --secret',
  'web_identity_token_file = /token',
])('a profile with "%s" is refused with the reason and a way, with keys of its own or without', (line) => {
  const [setting] = line.split(' ')
  const why = new RegExp(
    `^the profile p has the setting ${setting}, which is not supported: export its credentials as environment variables .*AWS_REGION=x, [^/]*$`,
  )
  const config = readIni(`[profile p]\nregion = x\n${line}`)
  expect(() => awsProfile(config, readIni(''), 'p')).toThrow(why)
  expect(() => awsProfile(config, readIni(`[p]\n${keys}`), 'p')).toThrow(why)
  expect(awsProfile(config, readIni(`[q]\n${keys}`), 'q')).toBeDefined()
})
