import { X509Certificate } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { bothClouds, items, theText } from '../../cloud.harness.ts'

const { close, eucalyptus: it, aws } = await bothClouds()
afterAll(close)
const certificate = new X509Certificate(it.cloud.certificate)
const action = 'DescribeServiceCertificates'

describe('shape', () => {
  test.each([{ Filter: 'x' }, { 'Filter.1.Name': 'service-type', 'Filter.1.Values.1': 'compute' }, { What: 'x' }])(
    '%j is none',
    async (parameters) => expect(await it.refusal(action, parameters)).toContain('400 400 Bad Request'),
  )
})

describe('refusals', () => {
  test('a filter that there is not', async () =>
    expect(await it.refusal(action, { 'Filter.1.Name': 'host', 'Filter.1.Value.1': 'x' })).toBe(
      "400 InvalidParameterValue: The filter 'host' is invalid.",
    ))

  test('AWS has no such service', async () =>
    expect(await aws.refusal(action)).toBe(
      `400 InvalidAction: The action ${action} is not valid for this web service.`,
    ))
})

describe('effect', () => {
  test('anybody finds the certificate that bundles are encrypted for, as euca2ools asks for it', async () => {
    const alice = await it.account('alice')
    const answer = await it.call(action, { Format: 'pem', FingerprintDigest: 'SHA-256' }, alice)
    const [found, ...more] = items(answer, 'serviceCertificates')
    expect(more).toEqual([])
    expect(found).toEqual({
      serviceType: 'compute',
      certificateUsage: 'image-bundling',
      certificateFormat: 'pem',
      certificate: it.cloud.certificate,
      certificateFingerprint: certificate.fingerprint256,
      certificateFingerprintDigest: 'SHA-256',
    })
  })

  test('in the other format and with the other digest', async () => {
    const [found] = items(await it.call(action, { Format: 'der', FingerprintDigest: 'SHA-1' }), 'serviceCertificates')
    expect(Buffer.from(theText(found, 'certificate'), 'base64')).toEqual(certificate.raw)
    expect([theText(found, 'certificateFingerprint'), theText(found, 'certificateFingerprintDigest')]).toEqual([
      certificate.fingerprint,
      'SHA-1',
    ])
  })

  test.each([
    ['service-type', 'compute', 1],
    ['service-type', 'objectstorage', 0],
    ['certificate-usage', 'image-bundling', 1],
    ['certificate-usage', 'tls', 0],
  ])('with %s %s', async (name, value, count) => {
    const answer = await it.call(action, { 'Filter.1.Name': name, 'Filter.1.Value.1': value })
    expect(items(answer, 'serviceCertificates')).toHaveLength(count)
  })
})
