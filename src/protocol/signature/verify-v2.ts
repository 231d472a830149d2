import { subResources as chosenBy } from '../rest.ts'
import { parseDate } from './dates.ts'
import { type PayloadPlan, payloadPlan } from './payload-plan.ts'
import { checksumsBody, nobody, refusal, spacedHex, usableKey, type Verification } from './request.ts'
import {
  queryStringToSign,
  type S3Variation,
  type SignatureMethod,
  s3StringToSign,
  signatureMethods,
  signV2,
  subResources,
} from './sigv2.ts'
import { checkWindow } from './time-window.ts'
import { equalSecrets, headerValue, headerValues, queryPairs, toBytes, toText } from './wire.ts'

/** What was proved: the key, and what the body must be. */
export interface Verified {
  readonly accessKeyId: string
  readonly payload: PayloadPlan
}

/**
 * Compares the signature with each string that the client may have signed. A space in it was a plus that the client did
 * not encode. Throws Fault.
 */
function compare(
  at: Verification,
  accessKeyId: string,
  provided: string,
  candidates: ReadonlySet<string>,
  hash: 'sha1' | 'sha256',
): void {
  const key = at.lookUp(accessKeyId, at.securityToken)
  const { secret } = key ?? nobody
  const equal = [...candidates]
    .map((text) => equalSecrets(signV2(secret, text, hash), provided.replaceAll(' ', '+')))
    .includes(true)
  if (usableKey(at, key, accessKeyId).version4Only || !at.rules.version2) throw refusal(at, 'version2')
  if (equal) return
  const text = candidates.values().next().value ?? ''
  throw refusal(at, 'mismatch', [], {
    AWSAccessKeyId: accessKeyId,
    StringToSign: toText(text),
    SignatureProvided: provided,
    StringToSignBytes: spacedHex(text),
  })
}

/** Exact repeats are one value, as clients send some; another value under a name that counts is refused. */
function single(at: Verification, pairs: readonly (readonly [string, string])[]): Map<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) {
    if ((values.get(name) ?? value) !== value) throw refusal(at, 'repeated', [toText(name)])
    values.set(name, value)
  }
  return values
}

function checkTimes(at: Verification, timestamp: string | undefined, expires: string | undefined): void {
  if (timestamp === undefined && expires === undefined)
    throw refusal(at, 'badDate', ['One of the following parameters must be specified: Timestamp OR Expires'])
  for (const text of [timestamp, expires]) {
    if (text === undefined) continue
    const time = parseDate(text)
    if (!time)
      throw refusal(at, 'badDate', [
        `Failure to parse timestamp: Timestamp=${timestamp ?? ''} Expires=${expires ?? ''}`,
      ])
    if (text === timestamp) checkWindow(at, time)
    else if (at.now > time) throw refusal(at, 'expired')
  }
}

/**
 * Verifies version 2 of a query service, in the query or in the form body. The host is tried with and without its port
 * (Hmacv2LoginModule); parameters that are repeated exactly, once and as sent. Throws Fault.
 */
export function verifyQueryV2(at: Verification): Verified {
  const { request } = at
  const form = (request.form ?? []).map(([name, value]) => [toBytes(name), toBytes(value)] as const)
  const sent = [...queryPairs(request.rawQuery), ...form]
  const parameters = single(at, sent)
  const required = (name: string): string => {
    const value = parameters.get(name)
    if (!value) throw refusal(at, 'malformed', [`Missing required parameter: ${name}`])
    return value
  }
  const accessKeyId = required('AWSAccessKeyId')
  const provided = required('Signature')
  const method = required('SignatureMethod')
  if (required('SignatureVersion') !== '2' || !Object.hasOwn(signatureMethods, method))
    throw refusal(at, 'malformed', ['SignatureVersion 2 with HmacSHA256 or HmacSHA1 is expected'])
  checkTimes(at, parameters.get('Timestamp'), parameters.get('Expires'))
  const hosts = headerValues(request.headers, 'host')
  const host = hosts[0] ?? ''
  if (hosts.length !== 1) throw refusal(at, 'repeated', ['host'])
  const candidates = new Set<string>()
  for (const name of [host, host.replace(/:\d+$/, '')])
    for (const pairs of [[...parameters], sent])
      candidates.add(queryStringToSign(request.method, name, request.rawPath, pairs))
  compare(at, accessKeyId, provided, candidates, signatureMethods[method as SignatureMethod])
  return { accessKeyId, payload: { length: undefined } }
}

/**
 * As is; without the path of the service; without the Content-Type (S3V2Authentication; clients.md, quirk 6). And a
 * bucket with a slash at its end, as botocore signs it whatever it sends (seen with boto3 1.43; AWS takes it so).
 */
function variations({ request }: Verification): S3Variation[] {
  const { method, rawPath, servicePath, hostBucket } = request
  const bare = rawPath.startsWith(servicePath) ? rawPath.slice(servicePath.length) : rawPath
  const paths = bare === rawPath ? [rawPath] : [rawPath, bare]
  const all =
    hostBucket === undefined && /^\/[^/]+$/.test(bare) ? [...paths, ...paths.map((path) => `${path}/`)] : paths
  const typed = all.map((path) => ({ rawPath: path, contentType: true }))
  const reads = method === 'GET' || method === 'HEAD'
  return reads ? [...typed, { rawPath, contentType: false }] : typed
}

const choosing: ReadonlySet<string> = new Set([...chosenBy.bucket, ...chosenBy.object])

/** A parameter that chooses the operation, and that version 2 does not sign; which form a listing has does not matter. */
const isUnsignable = (name: string): boolean => choosing.has(name) && !subResources.has(name) && name !== 'list-type'

function compareS3(at: Verification, accessKeyId: string, provided: string, expires?: string): Verified {
  const { request } = at
  for (const name of ['host', 'date', 'x-amz-date', 'content-md5', 'content-type', 'authorization'])
    if (new Set(headerValues(request.headers, name)).size > 1) throw refusal(at, 'repeated', [name])
  single(
    at,
    queryPairs(request.rawQuery).filter(([name]) => subResources.has(name)),
  )
  if (at.rules.fidelity === 'aws' && queryPairs(request.rawQuery).some(([name]) => isUnsignable(name)))
    throw refusal(at, 'version2')
  const options = { expires, hostBucket: request.hostBucket }
  const candidates = new Set(variations(at).map((variation) => s3StringToSign(request, variation, options)))
  compare(at, accessKeyId, provided, candidates, 'sha1')
  const ofObject = checksumsBody(request)
  return {
    accessKeyId,
    payload: payloadPlan(request.headers, headerValue(request.headers, 'x-amz-content-sha256'), { ofObject }),
  }
}

/** Verifies `Authorization: AWS key:signature`. An x-amz-date counts in place of Date (clients.md, quirk 13). Throws Fault. */
export function verifyS3HeaderV2(at: Verification, authorization: string): Verified {
  const match = /^AWS +([^\s:]+):([^\s:]+) *$/.exec(authorization)
  if (!match?.[1] || !match[2]) throw refusal(at, authorization.startsWith('AWS ') ? 'malformedV2' : 'unsupported')
  const { headers } = at.request
  const text = headerValue(headers, 'x-amz-date') ?? headerValue(headers, 'date')
  if (text === undefined) throw refusal(at, 'badDate', ['X-Amz-Date header must be specified.'])
  const time = parseDate(text)
  if (!time) throw refusal(at, 'badDate', ['Unable to parse date.'])
  checkWindow(at, time)
  return compareS3(at, match[1], match[2])
}

/** Verifies a presigned request of version 2: AWSAccessKeyId, Expires (seconds since 1970) and Signature. Throws Fault. */
export function verifyS3QueryV2(at: Verification): Verified {
  const own = ['AWSAccessKeyId', 'Expires', 'Signature']
  const parameters = single(
    at,
    queryPairs(at.request.rawQuery).filter(([name]) => own.includes(name)),
  )
  const [accessKeyId, expires, provided] = own.map((name) => parameters.get(name))
  if (!accessKeyId || !expires || !provided)
    throw refusal(at, 'malformedQuery', [
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    ])
  if (!/^\d{1,12}$/.test(expires)) throw refusal(at, 'malformedQuery', ['Invalid Expires parameter.'])
  if (at.now.getTime() > Number(expires) * 1000 + 999) throw refusal(at, 'expired')
  return compareS3(at, accessKeyId, provided, expires)
}
