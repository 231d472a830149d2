import type { PolicyResource } from './policy.ts'
import type { Fields, Values } from './shape.ts'
import type { Answer } from './xml.ts'

/** Who asks, as far as an operation needs to know it. */
export interface Caller {
  /** The account number, 12 digits: the owner of what the operation makes. */
  readonly accountId: string
  /** True for the `eucalyptus` account, whose users administer the cloud. */
  readonly administrator: boolean
  readonly accessKeyId: string
  /** Left out for the account's own access keys, which may do everything in it. */
  readonly role?: CallerRole
}

/** The session of a role in whose name a caller asks. */
export interface CallerRole {
  readonly id: string
  readonly name: string
  /** The name that the session was given: the instance's id for credentials of the metadata service. */
  readonly session: string
  /** Whether the role's policies allow an action, such as `ec2:RunInstances`, on a resource, or on any when none is named. */
  may(action: string, resource?: PolicyResource): boolean
}

/** What surrounds one call: who asks, and the request's identity. */
export interface Call {
  readonly caller: Caller
  readonly requestId: string
}

/** One action of a query API (EC2, IAM, STS): its wire name, its parameters and what it does. */
export interface Operation<World, Input extends Fields = Fields> {
  readonly name: string
  readonly input: Input
  run(world: World, input: Values<Input>, call: Call): Promise<{ [name: string]: Answer }>
}

/** Declares an operation; the file that default-exports it bears its wire name (ARCHITECTURE.md, "One operation"). */
export function operation<World, Input extends Fields>(
  name: string,
  body: { input: Input; run: Operation<World, Input>['run'] },
): Operation<World, Input> {
  return { name, ...body }
}
