import { expectElement, findText, MalformedXml, readXml, type XmlElement } from '../../../src/protocol/xml-read.ts'
import { s3Operation } from '../operation.ts'

const names = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets']

/** Reads a flag, which is false when it is left out. Throws MalformedXml. */
function flagIn(configuration: XmlElement, name: string): boolean {
  const text = findText(configuration, name) ?? 'false'
  if (!/^(true|false)$/i.test(text)) throw new MalformedXml(`${name} is true or false`)
  return text.toLowerCase() === 'true'
}

/** Sets what of ACLs and policies that would make a bucket public is refused, or does not count (S3 API reference). */
export default s3Operation('PutPublicAccessBlock', {
  route: { method: 'PUT', of: 'bucket', sub: 'publicAccessBlock' },
  access: { bucket: 'owner' },
  fidelity: 'aws',
  async run({ objects }, { content }, { bucket }) {
    const configuration = readXml(content, content.length)
    expectElement(configuration, 'PublicAccessBlockConfiguration', ...names)
    const publicAccessBlock = {
      blockPublicAcls: flagIn(configuration, 'BlockPublicAcls'),
      ignorePublicAcls: flagIn(configuration, 'IgnorePublicAcls'),
      blockPublicPolicy: flagIn(configuration, 'BlockPublicPolicy'),
      restrictPublicBuckets: flagIn(configuration, 'RestrictPublicBuckets'),
    }
    await objects.changeBucket(bucket.name, () => ({ publicAccessBlock }))
    return {}
  },
})
