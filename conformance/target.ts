import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { cloudFrom, type Environment, keysFrom } from '../src/client/eucarc.ts'
import { type Capability, capabilities } from './case.ts'
import { ConformanceRefused, jsonOf } from './refused.ts'

/** Whose words the target speaks where Eucalyptus and AWS differ. */
export type Fidelity = 'eucalyptus' | 'aws'

/** An account of the target, by its number and one access key. */
export interface Account {
  readonly accountId: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
}

/** A cloud to run cases on: all that is known of it, declared by its owner. */
export interface Target {
  /** What reports and the known differences call it. */
  readonly name: string
  readonly fidelity: Fidelity
  readonly region: string
  readonly zone: string
  readonly endpoints: Readonly<Record<'ec2' | 's3' | 'sts', string>> & {
    readonly iam?: string
    /** Object Storage by a name before which those of buckets can stand; needed for `virtual-hosts`. */
    readonly virtualHosts?: string
  }
  readonly administrator: Account
  /** A second account, without privileges; needed for `two-accounts`. */
  readonly user?: Account
  /** PEM; bundles are encrypted for it. Needed for `images`. */
  readonly cloudCertificate?: string
  readonly capabilities: readonly Capability[]
  /** The type that instances are run as, and the GiB of its root disk. */
  readonly instanceType: { readonly name: string; readonly diskGiB: number }
  /** How many times slower than an idle machine it is: deadlines grow by it. */
  readonly timeScale: number
  /** What runs there, in the words of its owner: `Eucalyptus 5.1`. */
  readonly version?: string
  /** Whether its account pays for what is run there. */
  readonly bills?: true
  /**
   * Where a port of an instance's public address is really listened for, undefined while it is not. A cloud has it at
   * the address itself and leaves this out; an emulator may have no right to a port, or another program listens there.
   */
  readonly reach?: (instanceId: string, port: number) => Promise<{ host: string; port: number } | undefined>
}

type Given = Readonly<Record<string, unknown>>

const isGiven = (value: unknown): value is Given => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a text is a URL to send requests to. Keys in it would stand in every report, and a query in every request. */
export function isEndpoint(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

/** Whether an endpoint is AWS' own: whoever works there pays. */
export const isAws = (endpoint: string): boolean =>
  /(^|\.)(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|api\.amazonwebservices\.com\.cn)\.?$/.test(
    new URL(endpoint).hostname,
  )

/** Slower clouds are none that anybody waits for. */
const slowest = 100

const accountWords = ['accountId', 'accessKeyId', 'secretAccessKey', 'sessionToken']
const groups: Readonly<Record<string, readonly string[]>> = {
  endpoints: ['ec2', 's3', 'sts', 'iam', 'virtualHosts'],
  administrator: accountWords,
  user: accountWords,
  instanceType: ['name', 'diskGiB'],
}
const words = [
  ...['name', 'version', 'fidelity', 'region', 'zone', 'cloudCertificate', 'capabilities', 'timeScale', 'bills'],
  ...Object.keys(groups),
]

/** Throws for a field that means nothing: `bill` instead of `bills` would spend somebody's money. */
function assertNoStrangers(given: Given, path: string): void {
  const inGroups = Object.entries(groups).flatMap(([group, known]) => {
    const fields = given[group]
    return isGiven(fields)
      ? Object.keys(fields).flatMap((name) => (known.includes(name) ? [] : `${group}.${name}`))
      : []
  })
  const [stranger] = [...Object.keys(given).filter((name) => !words.includes(name)), ...inGroups]
  if (stranger !== undefined)
    throw new ConformanceRefused(`the target file ${path} has a field of no meaning: ${stranger}`)
}

/** Readers of one group of fields that say which field is wrong. */
function fieldsOf(group: unknown, where: string) {
  if (!isGiven(group)) throw new ConformanceRefused(`the target's ${where} is missing or no object`)
  const need = <Value>(name: string, what: string, fits: (value: unknown) => value is Value): Value => {
    const value = group[name]
    if (!fits(value)) throw new ConformanceRefused(`the target's ${where}.${name} must be ${what}`)
    return value
  }
  return {
    text: (name: string) => need(name, 'text', (value): value is string => typeof value === 'string' && value !== ''),
    number: (name: string) =>
      need(name, 'a number above 0', (value): value is number => typeof value === 'number' && value > 0),
    pace: (name: string) =>
      need(
        name,
        `a number above 0, ${slowest} at most`,
        (value): value is number => typeof value === 'number' && value > 0 && value <= slowest,
      ),
    url: (name: string) =>
      need(
        name,
        'a URL of http or https, without keys and query',
        (value): value is string => typeof value === 'string' && isEndpoint(value),
      ),
    list: (name: string) => need(name, 'a list', (value): value is unknown[] => Array.isArray(value)),
  }
}

function accountOf(given: unknown, where: string): Account {
  const { text } = fieldsOf(given, where)
  const isSession = isGiven(given) && given['sessionToken'] !== undefined
  return {
    accountId: text('accountId'),
    accessKeyId: text('accessKeyId'),
    secretAccessKey: text('secretAccessKey'),
    ...(isSession && { sessionToken: text('sessionToken') }),
  }
}

/** The capability of that name. Throws when there is none. */
export function capabilityOf(word: unknown): Capability {
  const found = (Object.keys(capabilities) as Capability[]).find((name) => name === word)
  if (!found)
    throw new ConformanceRefused(`the target's capability "${word}" is none of ${Object.keys(capabilities).join(', ')}`)
  return found
}

/** Whether a word names a fidelity. */
export const isFidelity = (word: string): word is Fidelity => word === 'eucalyptus' || word === 'aws'

/** Checks what a target file says. Throws an Error that names the field. */
export function targetOf(given: unknown): Target {
  const { text, list, pace } = fieldsOf(given, 'file')
  const { user, cloudCertificate, endpoints, administrator, instanceType, version, bills } = given as Given
  const [fidelity, declared] = [text('fidelity'), list('capabilities').map(capabilityOf)]
  if (bills !== undefined && typeof bills !== 'boolean')
    throw new ConformanceRefused("the target's file.bills must be true or false")
  if (!isFidelity(fidelity))
    throw new ConformanceRefused(`the target's fidelity is "${fidelity}", not eucalyptus or aws`)
  const require = (word: Capability, field: string, value: unknown) => {
    if (declared.includes(word) && value === undefined) {
      throw new ConformanceRefused(`the target declares ${word}, but has no ${field}`)
    }
  }
  require('two-accounts', 'user', user)
  require('images', 'cloudCertificate', cloudCertificate)
  const { iam, virtualHosts } = isGiven(endpoints) ? endpoints : {}
  require('iam', 'endpoints.iam', iam)
  require('virtual-hosts', 'endpoints.virtualHosts', virtualHosts)
  const urls = fieldsOf(endpoints, 'endpoints')
  const known = {
    ...{ ec2: urls.url('ec2'), s3: urls.url('s3'), sts: urls.url('sts') },
    ...(iam !== undefined && { iam: urls.url('iam') }),
    ...(virtualHosts !== undefined && { virtualHosts: urls.url('virtualHosts') }),
  }
  const type = fieldsOf(instanceType, 'instanceType')
  return {
    name: text('name'),
    fidelity,
    region: text('region'),
    zone: text('zone'),
    endpoints: known,
    administrator: accountOf(administrator, 'administrator'),
    ...(user !== undefined && { user: accountOf(user, 'user') }),
    ...(cloudCertificate !== undefined && { cloudCertificate: text('cloudCertificate') }),
    capabilities: declared,
    instanceType: { name: type.text('name'), diskGiB: type.number('diskGiB') },
    timeScale: pace('timeScale'),
    ...(version !== undefined && { version: text('version') }),
    // It is AWS unless the owner says that nobody pays there.
    ...((bills ?? Object.values(known).some(isAws)) && { bills: true }),
  }
}

/** Throws when a text is neither a certificate nor a public key in PEM. */
function assertCertificate(pem: string, name: string): void {
  try {
    createPublicKey(pem)
  } catch (cause) {
    throw new ConformanceRefused(`the target's cloudCertificate ${name} is none`, { cause })
  }
}

/**
 * Reads a target file: JSON with the fields of `Target`. The certificate may be PEM or the path of a PEM file beside
 * it. What the file leaves out of endpoints, region and the administrator's keys comes from the variables of euca2ools
 * and of the AWS clients in `environment`; so do the keys of an administrator of whom it names the account only. Throws an
 * Error that names what is missing.
 */
export async function readTarget(path: string, environment: Environment = {}): Promise<Target> {
  const given: unknown = jsonOf(await readFile(path, 'utf8'), path)
  if (!isGiven(given)) throw new ConformanceRefused(`the target file ${path} is no JSON object`)
  assertNoStrangers(given, path)
  const { cloudCertificate: certificate } = given
  const isPath = typeof certificate === 'string' && !certificate.startsWith('-----BEGIN')
  const pem = isPath ? await readFile(resolve(dirname(path), certificate), 'utf8') : certificate
  if (pem !== undefined) assertCertificate(String(pem), isPath ? certificate : 'in the file')
  const { administrator } = given
  const hasKeys = isGiven(administrator) && 'secretAccessKey' in administrator
  const complete = hasKeys && ['endpoints', 'region'].every((name) => name in given)
  const known: Partial<ReturnType<typeof fromEnvironment>> = complete
    ? {}
    : fromEnvironment(environment, 'endpoints' in given)
  const keys = !hasKeys && isGiven(administrator) && { administrator: { ...known.administrator, ...administrator } }
  return targetOf({ ...known, ...given, ...keys, ...(pem !== undefined && { cloudCertificate: pem }) })
}

function fromEnvironment(environment: Environment, knowsEndpoints: boolean) {
  const { region, ...keys } = keysFrom(environment)
  const accountId = environment['EC2_USER_ID']?.replaceAll('-', '')
  const endpoints = knowsEndpoints ? undefined : cloudFrom(environment).endpoints
  return { ...(endpoints && { endpoints }), region, administrator: { ...(accountId && { accountId }), ...keys } }
}
