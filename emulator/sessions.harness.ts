import type { Caller } from '../src/protocol/operation.ts'
import { type TestCloud, theText } from './cloud.harness.ts'
import { callerOf, findSender } from './senders.ts'

/** A policy document of one statement. */
export const policy = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })

/** Who may take the roles of tests on: instances, and the account itself. */
export const trustOf = ({ administrator }: TestCloud): string =>
  policy({
    Principal: { Service: 'ec2.amazonaws.com', AWS: administrator.accountId },
    Action: 'sts:AssumeRole',
  })

/** Makes a role of the administrators' account that may do these actions, on everything. */
export async function makeRole(it: TestCloud, RoleName: string, actions: string[], Resource: string | string[] = '*') {
  const answer = await it.call('CreateRole', { RoleName, AssumeRolePolicyDocument: trustOf(it) })
  if (actions.length) await allow(it, RoleName, actions, Resource)
  return theText(answer, 'CreateRoleResult', 'Role', 'Arn')
}

/** Lets a role do these actions. */
export const allow = (it: TestCloud, RoleName: string, Action: string[], Resource: string | string[] = '*') =>
  it.call('PutRolePolicy', { RoleName, PolicyName: 'allowed', PolicyDocument: policy({ Action, Resource }) })

/** Puts a role into a new instance profile of the same name. */
export async function makeProfile(it: TestCloud, name: string): Promise<void> {
  await it.call('CreateInstanceProfile', { InstanceProfileName: name })
  await it.call('AddRoleToInstanceProfile', { InstanceProfileName: name, RoleName: name })
}

/** Credentials of a session of a role. */
export async function assume(it: TestCloud, RoleArn: string, parameters: Record<string, string> = {}) {
  const answer = await it.call('AssumeRole', { RoleArn, RoleSessionName: 'a-session', ...parameters })
  const text = (name: string) => theText(answer, 'AssumeRoleResult', 'Credentials', name)
  return {
    accessKeyId: text('AccessKeyId'),
    secretAccessKey: text('SecretAccessKey'),
    sessionToken: text('SessionToken'),
    expiration: text('Expiration'),
  }
}

/** Whom a key and its token are known as, and as whom operations see them; undefined when they are not known. */
export function behind(it: TestCloud, accessKeyId: string, token: string | undefined) {
  const sender = findSender(it.cloud, accessKeyId, token)
  return sender && { ...sender, caller: callerOf(sender) }
}

/** The session of a new role of the administrators' account that may do these actions, as operations see it. */
export async function sessionOf(it: TestCloud, actions: string[], Resource?: string[]): Promise<Caller> {
  const role = await makeRole(it, `role-${it.cloud.ids.entity('')}`, actions, Resource)
  const { accessKeyId, sessionToken } = await assume(it, role)
  const found = behind(it, accessKeyId, sessionToken)
  if (!found) throw new Error('the session is not known')
  return found.caller
}
