import type { Fidelity } from '../../../src/protocol/faults.ts'
import { integer, list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'

const ipPermission = struct({
  IpProtocol: text,
  FromPort: optional(integer),
  ToPort: optional(integer),
  Groups: list(
    struct({
      UserId: optional(text),
      GroupName: optional(text),
      GroupId: optional(text),
      Description: optional(text),
    }),
  ),
  IpRanges: list(struct({ CidrIp: text, Description: optional(text) })),
})

/** The parameters of AuthorizeSecurityGroupIngress and RevokeSecurityGroupIngress: the group, and rules in two forms. */
export const ingressInput = {
  GroupId: optional(text),
  GroupName: optional(text),
  IpPermissions: list(ipPermission),
  CidrIp: optional(text),
  IpProtocol: optional(text),
  FromPort: optional(integer),
  ToPort: optional(integer),
  SourceSecurityGroupName: optional(text),
  SourceSecurityGroupOwnerId: optional(text),
}

/** The parameters of AuthorizeSecurityGroupEgress and RevokeSecurityGroupEgress, which came when there was one form only. */
export const egressInput = { GroupId: optional(text), IpPermissions: list(ipPermission) }

/** The parameters of the ingress operations as they are read. */
export type IngressRequest = Values<typeof ingressInput>

/** One permission of a request, in the form of `IpPermissions.n`. */
export type Asked = IngressRequest['IpPermissions'][number]

/**
 * The permissions that a request asks for: `IpPermissions.n`, or one of the two flat forms of old clients, a range with
 * protocol and ports or a group by its name. Throws the faults for a mixture and for half of a form.
 */
export function asked(request: IngressRequest, fidelity: Fidelity): Asked[] {
  const range = {
    cidrIp: request.CidrIp,
    ipProtocol: request.IpProtocol,
    fromPort: request.FromPort,
    toPort: request.ToPort,
  }
  const group = {
    sourceSecurityGroupName: request.SourceSecurityGroupName,
    sourceSecurityGroupOwnerId: request.SourceSecurityGroupOwnerId,
  }
  const [ofRange] = given(range)
  const [ofGroup] = given(group)
  if (request.IpPermissions.length) {
    const flat = ofRange ?? ofGroup
    if (flat) throw fault('permissionCombination', flat, 'ipPermissions')
    return request.IpPermissions
  }
  if (ofGroup) {
    // AWS takes the group for one of the caller's when no owner is given.
    requireAll(fidelity === 'aws' ? { sourceSecurityGroupName: group.sourceSecurityGroupName } : group, ofGroup)
    if (ofRange) throw fault('permissionCombination', ofRange, ofGroup)
    return everythingFrom(request, fidelity === 'aws' ? 0 : 1)
  }
  if (!ofRange) throw fault('permissionMissing')
  // Protocols without ports come without them in AWS.
  requireAll(fidelity === 'aws' ? { cidrIp: range.cidrIp, ipProtocol: range.ipProtocol } : range, ofRange)
  const { IpProtocol = '', FromPort, ToPort, CidrIp = '' } = request
  return [{ IpProtocol, FromPort, ToPort, Groups: [], IpRanges: [{ CidrIp, Description: undefined }] }]
}

const given = (fields: object): string[] =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]))

function requireAll(fields: object, because: string): void {
  const absent = Object.entries(fields).find(([, value]) => value === undefined)
  if (absent) throw fault('permissionIncomplete', absent[0], because)
}

/** The form with a group and nothing else lets in all of tcp, udp and icmp. */
function everythingFrom(
  { SourceSecurityGroupName: GroupName, SourceSecurityGroupOwnerId: UserId }: IngressRequest,
  lowest: 0 | 1,
): Asked[] {
  const Groups = [{ UserId, GroupName, GroupId: undefined, Description: undefined }]
  return [
    { IpProtocol: 'tcp', FromPort: lowest, ToPort: 65_535, Groups, IpRanges: [] },
    { IpProtocol: 'udp', FromPort: lowest, ToPort: 65_535, Groups, IpRanges: [] },
    { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, Groups, IpRanges: [] },
  ]
}
