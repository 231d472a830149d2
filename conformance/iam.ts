import { text } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** A role by its name and ARN. */
export interface Role {
  readonly name: string
  readonly arn: string
}

/** A policy that allows some actions and nothing else. */
export const allowing = (...Action: string[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })

/** A document that says who may take a role on: instances, or accounts by their ARNs. */
export const trusting = (Principal: Readonly<Record<string, string>>): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] })

/** The ARN by which an account is meant with everybody in it. */
export const rootArn = (accountId: string): string => `arn:aws:iam::${accountId}:root`

/** Makes a role; after the case it is deleted, so make it before what holds it. Its policies are for the case to delete. */
export async function makeRole(
  tools: Tools,
  trust = trusting({ Service: 'ec2.amazonaws.com' }),
  { iam }: Clients = tools.administrator,
): Promise<Role> {
  const name = tools.name('role')
  const made = await iam.call('CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust })
  tools.later(`role ${name}`, () => iam.call('DeleteRole', { RoleName: name }))
  return { name, arn: text(made, 'CreateRoleResult', 'Role', 'Arn') ?? '' }
}

/** Puts a policy on a role, and takes it off after the case. */
export async function putPolicy(tools: Tools, RoleName: string, PolicyDocument: string): Promise<string> {
  const { iam } = tools.administrator
  const PolicyName = tools.name('policy')
  await iam.call('PutRolePolicy', { RoleName, PolicyName, PolicyDocument })
  tools.later(`policy ${PolicyName}`, () => iam.call('DeleteRolePolicy', { RoleName, PolicyName }))
  return PolicyName
}

/** Makes an instance profile, which is deleted after the case, and gives its name and ARN. */
export async function makeProfile(tools: Tools): Promise<Role> {
  const { iam } = tools.administrator
  const name = tools.name('profile')
  const made = await iam.call('CreateInstanceProfile', { InstanceProfileName: name })
  tools.later(`profile ${name}`, () => iam.call('DeleteInstanceProfile', { InstanceProfileName: name }))
  return { name, arn: text(made, 'CreateInstanceProfileResult', 'InstanceProfile', 'Arn') ?? '' }
}

/** Puts a role into an instance profile, and takes it out after the case. */
export async function addRole({ administrator: { iam }, later }: Tools, profile: Role, role: Role): Promise<void> {
  const asked = { InstanceProfileName: profile.name, RoleName: role.name }
  await iam.call('AddRoleToInstanceProfile', asked)
  later(`role ${role.name} in ${profile.name}`, () => iam.call('RemoveRoleFromInstanceProfile', asked))
}
