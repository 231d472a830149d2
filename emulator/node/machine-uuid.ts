import { createHash } from 'node:crypto'

/**
 * The uuid and serial that an instance's guest sees: `ec2`, by which guests know the cloud, then a hash of the
 * instance's id, in the form of a random uuid. Always the same for the same id (node controller: `ec2` and the
 * instance's uuid from its 4th character).
 */
export function machineUuid(instanceId: string): string {
  const hash = createHash('sha256').update(instanceId).digest('hex')
  return `ec2${hash.slice(0, 5)}-${hash.slice(5, 9)}-4${hash.slice(9, 12)}-a${hash.slice(12, 15)}-${hash.slice(15, 27)}`
}
