import type { Parameters } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import { runInstance } from './instances.ts'
import { mostPages } from './limits.ts'
import type { Account } from './target.ts'
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

/** By which a cloud says that somebody may not, also where IAM's news have not come yet. */
const denials: readonly string[] = ['AccessDenied', 'UnauthorizedOperation']

/** What a request comes to for which news of IAM have to spread first: that somebody may not is waited out. */
export async function onceKnown<Result>(tools: Tools, what: string, attempt: () => Promise<Result>): Promise<Result> {
  const look = async (): Promise<{ readonly came: Result } | { readonly refused: string }> => {
    try {
      return { came: await attempt() }
    } catch (error) {
      if (error instanceof ServiceError && denials.includes(error.code)) return { refused: error.code }
      throw error
    }
  }
  const seen = await tools.until(what, look, (now) => 'came' in now)
  if ('refused' in seen) throw new Error(`${what} is refused: ${seen.refused}`)
  return seen.came
}

/** All entries of a list of IAM, which comes in pages: of `ListRoles` the `Roles`. */
export async function listed({ iam }: Clients, action: string, field: string): Promise<Xml[]> {
  const entries: Xml[] = []
  let Marker: string | undefined
  for (let page = 0; page < mostPages; page += 1) {
    const answer: Xml = await iam.call(action, { Marker })
    entries.push(...list(answer, `${action}Result`, field))
    if (text(answer, `${action}Result`, 'IsTruncated') !== 'true') return entries
    Marker = text(answer, `${action}Result`, 'Marker')
  }
  throw new Error(`${action} has more than ${mostPages} pages`)
}

/** Asks for a role, in whatever way, and gives the answer; should there be one then, it is deleted after the case. */
export async function askForRole(
  tools: Tools,
  asked: Parameters & { readonly RoleName: string },
  { iam }: Clients = tools.administrator,
): Promise<Xml> {
  const { RoleName } = asked
  const made = await iam.call('CreateRole', asked)
  tools.later(`role ${RoleName}`, () => iam.call('DeleteRole', { RoleName }))
  return made
}

/** Makes a role; after the case it is deleted, so make it before what holds it. Its policies are for the case to delete. */
export async function makeRole(
  tools: Tools,
  trust = trusting({ Service: 'ec2.amazonaws.com' }),
  clients: Clients = tools.administrator,
): Promise<Role> {
  const name = tools.name('role')
  const made = await askForRole(tools, { RoleName: name, AssumeRolePolicyDocument: trust }, clients)
  return { name, arn: text(made, 'CreateRoleResult', 'Role', 'Arn') ?? '' }
}

/** Takes a role on, once that is known of, and gives the clients of its session and when that is over. */
export async function takeOn(
  tools: Tools,
  { sts, account }: Clients,
  { arn, name }: Role,
): Promise<{ readonly session: Clients; readonly keys: Account; readonly expires: number }> {
  const asked = { RoleArn: arn, RoleSessionName: 'conformance' }
  const answer = await onceKnown(tools, `a session of ${name}`, () => sts.call('AssumeRole', asked))
  const credential = (field: string) => text(answer, 'AssumeRoleResult', 'Credentials', field) ?? ''
  const keys = {
    accountId: /^arn:[^:]*:iam::(\d+):/.exec(arn)?.[1] ?? account.accountId,
    ...{ accessKeyId: credential('AccessKeyId'), secretAccessKey: credential('SecretAccessKey') },
  }
  const session = tools.clients({ ...keys, sessionToken: credential('SessionToken') })
  return { session, keys, expires: Date.parse(credential('Expiration')) }
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

/** Runs an instance with a profile that was just made: in AWS it takes a moment until EC2 knows of it. */
export async function runWithProfile(tools: Tools, profile: Role, parameters: Parameters): Promise<string> {
  const launch = async () => {
    try {
      return await runInstance(tools, { ...parameters, IamInstanceProfile: { Name: profile.name } })
    } catch (error) {
      const isUnknown = error instanceof ServiceError && /iamInstanceProfile/i.test(error.message)
      if (isUnknown && tools.target.fidelity === 'aws') return ''
      throw error
    }
  }
  return tools.until(`a launch with ${profile.name}`, launch, (id) => id !== '')
}
