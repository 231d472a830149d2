import { type Parameters, queryClient } from '../src/client/ec2.ts'
import { ServiceError, serviceError } from '../src/client/service-error.ts'
import type { Capability } from './case.ts'
import { type Clients, clientsOf, ec2VersionOf } from './clients.ts'
import { createLeftovers, type Leftovers } from './leftovers.ts'
import type { Target } from './target.ts'
import { newRunId, prefixOf } from './tools.ts'

/** Codes by which a service says that it does not have what was asked for. */
const absent =
  /^(InvalidAction|UnsupportedOperation|NotImplemented|MethodNotAllowed|UnknownParameter|HTTP \d+|NoSuchAction)$/

/** Whether a request is known; a refusal that is about the request's content says that it is, one of rights that it is not ours. */
async function isKnown(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (error.status >= 500 || absent.test(error.code)) return false
    return !/^(AccessDenied|UnauthorizedOperation|AuthFailure|SignatureDoesNotMatch)$/.test(error.code)
  }
}

/** What a read-only request of EC2 or IAM tells. */
const actions: readonly (readonly [Capability, 'ec2' | 'iam', string, Parameters?])[] = [
  ['iam', 'iam', 'ListRoles'],
  ['key-pairs', 'ec2', 'DescribeKeyPairs'],
  // Those of all accounts of AWS are more than anybody wants to read.
  ['images', 'ec2', 'DescribeImages', { Owner: ['self'] }],
  ['instance-store', 'ec2', 'DescribeInstances'],
  ['bundle-tasks', 'ec2', 'DescribeBundleTasks'],
  ['imports', 'ec2', 'DescribeConversionTasks'],
  ['vm-import', 'ec2', 'DescribeImportImageTasks'],
  ['ebs', 'ec2', 'DescribeVolumes'],
  ['security-groups', 'ec2', 'DescribeSecurityGroups'],
  ['addresses', 'ec2', 'DescribeAddresses'],
]

/** What a request about a bucket or an object in it tells; the bucket is made for it. */
const requests: readonly (readonly [Capability, string])[] = [
  ['multipart', '?uploads'],
  ['versioning', '?versioning'],
  ['acl', '?acl'],
  ['bucket-policy', '?policy'],
  ['cors', '?cors'],
  ['lifecycle', '?lifecycle'],
  ['object-tagging', '/object?tagging'],
  ['checksums', '/object?attributes'],
]

async function ofBuckets(clients: Clients): Promise<Capability[]> {
  const { later, clear } = createLeftovers()
  const found = await askOfBucket(clients, later).then(
    (words) => ({ words }),
    (error: unknown) => ({ error }),
  )
  const left = await clear()
  if ('error' in found) throw found.error
  if (left.length) throw new Error(`left behind: ${left.join('; ')}`)
  return found.words
}

async function askOfBucket({ s3 }: Clients, later: Leftovers['later']): Promise<Capability[]> {
  const bucket = `${prefixOf(newRunId())}probe`
  await s3({ method: 'PUT', path: `/${bucket}` })
  later(`bucket ${bucket}`, () => s3({ method: 'DELETE', path: `/${bucket}` }))
  await s3({ method: 'PUT', path: `/${bucket}/object`, body: '' })
  later('object', () => s3({ method: 'DELETE', path: `/${bucket}/object` }))
  const found: Capability[] = ['s3']
  for (const [word, place] of requests) {
    const [key = '', query = ''] = place.split('?')
    const headers: Record<string, string> = word === 'checksums' ? { 'x-amz-object-attributes': 'ETag' } : {}
    if (await isKnown(s3({ method: 'GET', path: `/${bucket}${key}`, query, headers }))) found.push(word)
  }
  return found
}

/** Whether a good request is taken that is signed in a way that not every cloud takes. */
async function ofSignatures(target: Target): Promise<Capability[]> {
  const { accountId: _, ...key } = target.administrator
  const { ec2: endpoint } = target.endpoints
  const signer = { ...key, endpoint, service: 'ec2', version: ec2VersionOf(target) } as const
  const { region } = target
  const old = await queryClient({ ...signer, region }).rawRequest('DescribeRegions', {}, { sign: 'v2' })
  const invented = queryClient({ ...signer, region: 'undefined-4711' }).call('DescribeRegions')
  const taken: Capability[] = []
  if (await isKnown(old.status < 300 ? Promise.resolve() : Promise.reject(serviceError(old)))) taken.push('signature-2')
  if (await isKnown(invented)) taken.push('any-region')
  return taken
}

/** What nobody can tell by asking: its owner has to declare it. */
export const untold: readonly Capability[] = [
  ...(['boots-hvm', 'boots-paravirtual', 'network', 'ssh', 'bundle-instance'] as const),
  ...(['post-policy', 'conditional-writes', 'two-accounts', 'virtual-hosts'] as const),
]

/**
 * Asks a cloud what it can do, by requests that read, and one bucket that is made and removed. What it says is where an owner
 * begins, and no proof: a declared capability that fails is a failure.
 */
export async function probe(target: Target): Promise<Capability[]> {
  const clients = clientsOf(target, target.administrator)
  const known: Capability[] = []
  for (const [word, service, action, parameters] of actions) {
    if (service === 'iam' && target.endpoints.iam === undefined) continue
    if (await isKnown(clients[service].call(action, parameters))) known.push(word)
  }
  return [...(await ofBuckets(clients)), ...(await ofSignatures(target)), ...known]
}
