import { fault } from '../faults.ts'

/** A continuation token is the name after which to go on, so that it stays good whatever happens meanwhile. */
export const tokenFor = (name: string): string => Buffer.from(name).toString('base64url')

/** The name in a continuation token. Throws InvalidArgument. */
export function nameIn(token: string): string {
  const name = Buffer.from(token, 'base64url').toString()
  if (tokenFor(name) !== token) throw fault('invalidArgument', 'The continuation token provided is incorrect')
  return name
}
