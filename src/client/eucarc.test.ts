import { expect, test } from 'vitest'
import { cloudFrom, keysFrom, readEucarc, readEucarcOf } from './eucarc.ts'

const eucarc = `
EUCA_KEY_DIR=$(cd $(dirname \${BASH_SOURCE:-$0}); pwd -P)
export HOME_URL="http://cloud:8773"
export EC2_URL=\${HOME_URL}/services/compute
export S3_URL=$HOME_URL/services/objectstorage # the OSG
EUARE_URL='http://cloud:8773/$literal'; export EUARE_URL;
export TOKEN_URL=\${BASE}/services/Tokens
export EUCA_BOOTSTRAP_URL=http://cloud:8773/services/Empyrean
export EC2_ACCESS_KEY='AKIAAA'
export EC2_SECRET_KEY='s=e+c/r'
alias ec2-bundle-image="ec2-bundle-image --cert x"
`

test('an eucarc file', () => {
  const cloud = cloudFrom(readEucarc(eucarc, { BASE: 'http://base' }))
  expect(cloud).toEqual({
    accessKeyId: 'AKIAAA',
    secretAccessKey: 's=e+c/r',
    region: 'eucalyptus',
    endpoints: {
      ec2: 'http://cloud:8773/services/compute',
      s3: 'http://cloud:8773/services/objectstorage',
      iam: 'http://cloud:8773/$literal',
      sts: 'http://base/services/Tokens',
      empyrean: 'http://cloud:8773/services/Empyrean',
    },
  })
})

test('the files that an eucarc names lie beside it', () => {
  const text = `
EUCA_KEY_DIR=$(cd $(dirname \${BASH_SOURCE:-$0}); pwd -P)
export EC2_CERT=\${EUCA_KEY_DIR}/user.pem
EC2_PRIVATE_KEY=keys/user.pem
EUCALYPTUS_CERT=./cloud.pem
EUCA_CERT="../other.pem"
EUCA_PRIVATE_KEY=~/key.pem
QUOTED="~/key.pem"
EC2_URL=services/compute`
  expect(readEucarcOf('/home/me/.euca', text, { EUCA_KEY_DIR: '/of/another', HOME: '/elsewhere' })).toEqual({
    EC2_CERT: '/home/me/.euca/user.pem',
    EC2_PRIVATE_KEY: '/home/me/.euca/keys/user.pem',
    EUCALYPTUS_CERT: '/home/me/.euca/cloud.pem',
    EUCA_CERT: '/home/me/other.pem',
    EUCA_PRIVATE_KEY: '/elsewhere/key.pem',
    QUOTED: '~/key.pem',
    EC2_URL: 'services/compute',
  })
})

test('one AWS_ENDPOINT_URL for all, a variable of its own for one', () => {
  const cloud = cloudFrom({
    AWS_ENDPOINT_URL: 'http://127.0.0.1:8773',
    EC2_URL: 'home::http://127.0.0.1:9/services/compute',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_DEFAULT_REGION: 'here',
  })
  expect(cloud.endpoints.s3).toBe('http://127.0.0.1:8773')
  expect(cloud.endpoints.ec2).toBe('http://127.0.0.1:9/services/compute')
  expect(cloud.region).toBe('here')
})

test('what is missing is named', () => {
  expect(() => cloudFrom({})).toThrow(/AWS_ACCESS_KEY_ID/)
  expect(() => cloudFrom({ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })).toThrow(/EC2_URL, AWS_ENDPOINT_URL/)
})

test.each(['AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'])("%s is the token of a session's key", (name) => {
  const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
  expect(keysFrom({ ...keys, [name]: 'token' })).toMatchObject({ sessionToken: 'token' })
  expect(keysFrom(keys)).not.toHaveProperty('sessionToken')
})
