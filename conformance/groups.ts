import type { Parameters } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** A security group by its id and name. */
export interface Group {
  readonly id: string
  readonly name: string
}

/** By which a group is kept that something still is in: in Eucalyptus outside a VPC, and in a VPC. */
const inUse: readonly string[] = ['InvalidGroup.InUse', 'DependencyViolation']

/** Deletes a group; an instance that has ended may be in it for a little longer. */
export async function deleteGroup(
  tools: Tools,
  GroupId: string,
  { ec2 }: Clients = tools.administrator,
): Promise<void> {
  const attempt = async () => {
    try {
      await ec2.call('DeleteSecurityGroup', { GroupId })
      return 'deleted'
    } catch (error) {
      if (error instanceof ServiceError && inUse.includes(error.code)) return error.code
      throw error
    }
  }
  await tools.until(`the end of ${GroupId}`, attempt, (answer) => answer === 'deleted')
}

/** Asks for a group, in whatever way, and gives its id; should there be one then, it is deleted after the case. */
export async function askForGroup(
  tools: Tools,
  asked: Parameters,
  clients: Clients = tools.administrator,
): Promise<string> {
  const id = text(await clients.ec2.call('CreateSecurityGroup', asked), 'groupId')
  if (!id) throw new Error('CreateSecurityGroup answered without a group id')
  tools.later(`group ${id}`, () => deleteGroup(tools, id, clients))
  return id
}

/** Makes a security group, which opens nothing; it is deleted after the case, so make it before what is in it. */
export async function makeGroup(tools: Tools): Promise<Group> {
  const name = tools.name('group')
  return { id: await askForGroup(tools, { GroupName: name, GroupDescription: 'conformance' }), name }
}

/**
 * Whether a group, as it is described, is in a VPC, where other words are spoken of it: all groups of AWS are, and those of
 * Eucalyptus in one of its network modes.
 */
export const isInVpc = ({ target }: Tools, group: Xml | undefined): boolean =>
  target.fidelity === 'aws' || Boolean(text(group, 'vpcId'))

/** The one permission: a TCP port, for all addresses. */
export const portForAll = (port: number) => ({
  IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
})
