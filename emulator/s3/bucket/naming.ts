import { isIP } from 'node:net'
import type { Fidelity } from '../../../src/protocol/faults.ts'

/** 3 to 63 characters, labels of lower-case letters, digits and hyphens, no IP address (S3 user guide). */
const isDnsName = (name: string) =>
  name.length >= 3 &&
  name.length <= 63 &&
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name) &&
  isIP(name) === 0

/** Which names a bucket may have. Eucalyptus: the `extended` scheme of BucketNameValidatorRepo.java, its default. */
export const isBucketName: Readonly<Record<Fidelity, (name: string) => boolean>> = {
  eucalyptus: (name) => /^[A-Za-z0-9._-]{2,255}$/.test(name),
  aws: isDnsName,
}
