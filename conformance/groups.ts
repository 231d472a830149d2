import { text } from '../src/client/xml.ts'
import type { Tools } from './tools.ts'

/** A security group by its id and name. */
export interface Group {
  readonly id: string
  readonly name: string
}

/** Makes a security group, which opens nothing; it is deleted after the case, so make it before what is in it. */
export async function makeGroup(tools: Tools): Promise<Group> {
  const { ec2 } = tools.administrator
  const name = tools.name('group')
  const id = text(
    await ec2.call('CreateSecurityGroup', { GroupName: name, GroupDescription: 'conformance' }),
    'groupId',
  )
  if (!id) throw new Error('CreateSecurityGroup answered without a group id')
  tools.later(`group ${id}`, () => ec2.call('DeleteSecurityGroup', { GroupId: id }))
  return { id, name }
}

/** The one permission: a TCP port, for all addresses. */
export const portForAll = (port: number) => ({
  IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
})
