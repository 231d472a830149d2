import { describe, expect, test } from 'vitest'
import { Fault } from '../faults.ts'
import { ask, v2, v4, v4Query, verdict } from '../signed-requests.test.support.ts'
import { type AuthenticationRequest, authenticationRules } from './request.ts'

const own = { region: 'eu-west-1' }
const objects = '/services/objectstorage'
/** The fault of a request that is refused. */
function faultOf(request: AuthenticationRequest): Fault {
  try {
    ask(request, own)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('the request passed')
}

const good = 'accepted signed'
const malformed = 'AccessDenied 403 / AuthorizationHeaderMalformed 400'
const malformedQuery = 'AccessDenied 403 / AuthorizationQueryParametersError 400'

describe('a request where the region is known', () => {
  test.each([
    ['of the region', v4(own), good],
    ['of the region, presigned', v4Query(own), good],
    ['of another', v4({ region: 'us-east-1' }), malformed],
    ['of another, presigned', v4Query({ region: 'us-east-1' }), malformedQuery],
    ['of none', v4({ region: '' }), malformed],
    ['of another, version 2, which has none', v2(), good],
    ['of another, for EC2', v4({ service: 'ec2' }), good],
  ])('%s', (_, request, expected) => expect(verdict(request, own)).toBe(expected))

  test.each([
    ['v4', v4],
    ['v4Query', v4Query],
  ])('of us-east-1 finds out regions alone: %s', (_, sign) => {
    const read = (rawPath: string, rawQuery = '', more = {}) => {
      const request = { method: 'GET', region: 'us-east-1', rawPath: `${objects}${rawPath}`, rawQuery, ...more }
      // A presigned request has its own query.
      return verdict(sign(request), own) === good
    }
    expect([read('/'), read('')]).toEqual([true, true])
    expect(read('/', '', { region: 'eu-west-2' })).toBe(false)
    expect(read('/', '', { method: 'PUT' })).toBe(false)
    expect([read('/bucket'), read('/bucket/key')]).toEqual([false, false])
  })

  test.each([
    ['/bucket', 'location', undefined, true],
    ['/bucket/', 'location=', undefined, true],
    ['/', 'location', 'bucket', true],
    ['/bucket', 'prefix=location', undefined, false],
    ['/bucket', 'list-type=2&location-x', undefined, false],
    ['/bucket/key', 'location', undefined, false],
    ['/key', 'location', 'bucket', false],
    ['/', '', 'bucket', false],
  ])('%s?%s of the host bucket %s', (rawPath, rawQuery, hostBucket, isGood) => {
    const request = v4({ method: 'GET', region: 'us-east-1', rawPath: `${objects}${rawPath}`, rawQuery })
    expect(verdict({ ...request, hostBucket }, own)).toBe(isGood ? good : malformed)
  })

  test.each([
    [v4(), 'The authorization header is malformed; '],
    [v4Query(), 'Error parsing the X-Amz-Credential parameter; '],
  ])('is told which is right', (request, beginning) => {
    const refused = faultOf(request)
    expect(refused.face('aws').message).toBe(`${beginning}the region 'undefined-4711' is wrong; expecting 'eu-west-1'`)
    expect(refused.fields).toEqual({ Region: 'eu-west-1' })
  })
})

test.each([
  ['aws', true, 'there'],
  ['aws', false, undefined],
  ['aws', undefined, undefined],
  ['eucalyptus', true, undefined],
] as const)('in %s, with a region that is named: %s, scopes must name %s', (fidelity, regionIsNamed, region) =>
  expect(authenticationRules({ fidelity, region: 'there', regionIsNamed })).toEqual({
    ...{ fidelity, region, version2: true, strictScope: fidelity === 'aws' },
  }),
)
