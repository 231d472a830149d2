import { resolve } from 'node:path'
import type { AccessKey } from './session-token.ts'

/** A cloud as its user knows it. */
export interface Cloud extends AccessKey {
  readonly region: string
  readonly endpoints: Readonly<Record<'ec2' | 's3' | 'iam' | 'sts' | 'empyrean', string>>
}

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a file of shell assignments, as eucarc is one and as euca-generate-environment-config prints: `NAME=value`
 * with or without `export`, quotes, comments, `~/` and `$NAME` or `${NAME}` of earlier lines or of `environment`. Nothing is
 * executed: assignments that call commands are left out.
 */
export function readEucarc(text: string, environment: Environment = {}): Record<string, string> {
  const read: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s;#'"]*)/.exec(line)
    if (!match?.[1] || match[2] === undefined || /[`]|\$\(/.test(match[2])) continue
    const literal = match[2].startsWith("'")
    const value = match[2].replace(/^~(?=\/|$)/, '$$HOME').replace(/^["'](.*)["']$/, '$1')
    const expand = (_: string, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? ''
      return read[name] ?? environment[name] ?? ''
    }
    read[match[1]] = literal ? value : value.replace(/\$(?:\{(\w+)\}|(\w+))/g, expand)
  }
  return read
}

/** The variables that hold the path of a file. */
const fileNames = ['EC2_CERT', 'EC2_PRIVATE_KEY', 'EUCA_CERT', 'EUCA_PRIVATE_KEY', 'EUCALYPTUS_CERT'] as const

/**
 * Reads the eucarc of a folder, given as an absolute path: the files that it names lie beside it, from wherever it is read. The
 * classic one finds its folder by a command that is not run here: EUCA_KEY_DIR is that folder.
 */
export function readEucarcOf(folder: string, text: string, environment: Environment = {}): Record<string, string> {
  const read = readEucarc(text, { ...environment, EUCA_KEY_DIR: folder })
  for (const name of fileNames) if (read[name]) read[name] = resolve(folder, read[name])
  return read
}

const urlNames = {
  ec2: ['AWS_ENDPOINT_URL_EC2', 'EC2_URL'],
  s3: ['AWS_ENDPOINT_URL_S3', 'S3_URL'],
  iam: ['AWS_ENDPOINT_URL_IAM', 'AWS_IAM_URL', 'EUARE_URL'],
  sts: ['AWS_ENDPOINT_URL_STS', 'TOKEN_URL'],
  empyrean: ['EUCA_BOOTSTRAP_URL'],
} as const

const first = (environment: Environment, names: readonly string[]): string | undefined =>
  names.map((name) => environment[name]).find(Boolean)

/** Where a service is, by the variables of `cloudFrom`; undefined when none is set. euca2ools allows `REGION::URL`. */
export const endpointFrom = (environment: Environment, service: keyof typeof urlNames): string | undefined =>
  first(environment, [...urlNames[service], 'AWS_ENDPOINT_URL'])?.replace(/^[^/]*::(?=https?:)/, '')

/**
 * The access key, with the token of a session's, and the region of signatures. AWS_SECURITY_TOKEN is the name that
 * euca2ools know the token by. Throws an Error that names what is missing.
 */
export function keysFrom(environment: Environment): AccessKey & { readonly region: string } {
  const need = (...names: string[]) => first(environment, names) ?? missing(names)
  const sessionToken = first(environment, ['AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'])
  return {
    accessKeyId: need('AWS_ACCESS_KEY_ID', 'AWS_ACCESS_KEY', 'EC2_ACCESS_KEY'),
    secretAccessKey: need('AWS_SECRET_ACCESS_KEY', 'AWS_SECRET_KEY', 'EC2_SECRET_KEY'),
    ...(sessionToken !== undefined && { sessionToken }),
    region: first(environment, ['AWS_AUTH_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION']) ?? 'eucalyptus',
  }
}

/** What a person has to set before a cloud can be reached; the message names the variables. */
class VariableMissing extends Error {
  override readonly name = 'VariableMissing'
}

function missing(names: readonly string[]): never {
  throw new VariableMissing(`none of these variables is set: ${names.join(', ')}`)
}

/**
 * Endpoints and credentials from variables: those of euca2ools, of the legacy eucarc and of the AWS clients
 * (eucalyptus-behaviour.md, section 9). AWS_ENDPOINT_URL stands for every service that has no variable of its own.
 * Throws an Error that names what is missing.
 */
export function cloudFrom(environment: Environment): Cloud {
  const keys = keysFrom(environment)
  const url = (service: keyof typeof urlNames) =>
    endpointFrom(environment, service) ?? missing([...urlNames[service], 'AWS_ENDPOINT_URL'])
  return {
    ...keys,
    endpoints: { ec2: url('ec2'), s3: url('s3'), iam: url('iam'), sts: url('sts'), empyrean: url('empyrean') },
  }
}
