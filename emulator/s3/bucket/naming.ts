import { isIP } from 'node:net'
import type { Fidelity } from '../../../src/protocol/faults.ts'

/** Beginnings and ends of names that AWS keeps for itself (S3 user guide, general purpose bucket naming rules). */
const kept = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/

/** 3 to 63 characters, labels of lower-case letters, digits and hyphens, no IP address (S3 user guide). */
const isDnsName = (name: string) =>
  name.length >= 3 &&
  name.length <= 63 &&
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name) &&
  isIP(name) === 0 &&
  !kept.test(name)

const schemes: Readonly<Record<Fidelity, (name: string) => boolean>> = {
  eucalyptus: (name) => /^[A-Za-z0-9._-]{2,255}$/.test(name),
  aws: isDnsName,
}

/** On the one port the services' paths and our own pages come first: keys of such a bucket could not be reached. */
const isReserved = (name: string) => /^(?:services|_euca)$/i.test(name)

/** Whether a bucket may have this name. Eucalyptus: the `extended` scheme of BucketNameValidatorRepo.java, its default. */
export const isBucketName = (fidelity: Fidelity, name: string): boolean => schemes[fidelity](name) && !isReserved(name)
