import { createHash, X509Certificate } from 'node:crypto'
import { type Operation, operation } from '../../../src/protocol/operation.ts'
import { list, optional, struct, text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'

const input = {
  Format: optional(text),
  FingerprintDigest: optional(text),
  Filter: list(struct({ Name: text, Value: list(text) })),
}

/** Eucalyptus falls back to the stronger digest when it does not know the one that is asked for. */
const digests = new Map([['SHA-1', 'sha1']])

const colons = (hex: string) => hex.toUpperCase().replace(/..(?=.)/g, '$&:')

/**
 * The certificates of services: the one that bundles are encrypted for, which clients find so when nobody gave them its
 * file (eucalyptus-behaviour.md section 9). Source: EmpyreanService; only Eucalyptus has it.
 */
const DescribeServiceCertificates: Operation<Cloud, typeof input> = operation('DescribeServiceCertificates', {
  input,
  async run({ settings, certificate }, { Format, FingerprintDigest, Filter }) {
    if (settings.fidelity === 'aws') throw fault('unknownAction', 'DescribeServiceCertificates')
    const facts = new Map([
      ['certificate-usage', 'image-bundling'],
      ['service-type', 'compute'],
    ])
    const wrong = Filter.find(({ Name }) => !facts.has(Name))
    if (wrong) throw fault('unknownFilter', wrong.Name)
    if (!Filter.every(({ Name, Value }) => Value.includes(facts.get(Name) ?? ''))) return { serviceCertificates: [] }
    const der = new X509Certificate(certificate).raw
    const certificateFingerprintDigest = digests.has(FingerprintDigest ?? '') ? 'SHA-1' : 'SHA-256'
    const digest = createHash(digests.get(certificateFingerprintDigest) ?? 'sha256')
      .update(der)
      .digest('hex')
    const certificateFormat = Format === 'der' ? 'der' : 'pem'
    const view = {
      serviceType: 'compute',
      certificateUsage: 'image-bundling',
      certificateFormat,
      certificate: certificateFormat === 'der' ? der.toString('base64') : certificate,
      certificateFingerprint: colons(digest),
      certificateFingerprintDigest,
    }
    return { serviceCertificates: [view] }
  },
})

export default DescribeServiceCertificates
