import { type AuthenticationRequest, refusal, type Verification } from './request.ts'
import type { Scope } from './sigv4.ts'
import { toText } from './wire.ts'

/**
 * Whether a request is one by which clients find out regions. They send these to AWS' address for all regions, which is
 * us-east-1's: ListBuckets and GetBucketLocation.
 */
function looksForRegions({ method, rawPath, servicePath, rawQuery, hostBucket }: AuthenticationRequest): boolean {
  const [, bucket, key] = /^\/?([^/]*)\/?(.*)$/s.exec(rawPath.slice(servicePath.length)) ?? []
  if (method !== 'GET' || key || (bucket && hostBucket !== undefined)) return false
  return !(bucket || hostBucket) || /(?:^|&)location(?:[&=]|$)/.test(rawQuery)
}

/** The region of a scope must be the cloud's own, where the rules have one (S3 API reference, error responses). Throws Fault. */
export function checkRegion(at: Verification, form: 'V4-header' | 'V4-query', { region }: Scope): void {
  const { request, rules } = at
  if (rules.region === undefined || region === rules.region || request.service !== 's3') return
  if (region === 'us-east-1' && looksForRegions(request)) return
  const wrong = `the region '${toText(region)}' is wrong; expecting '${rules.region}'`
  const fields = { Region: rules.region }
  if (form === 'V4-header') throw refusal(at, 'malformed', [wrong], fields)
  throw refusal(at, 'malformedQuery', [`Error parsing the X-Amz-Credential parameter; ${wrong}`], fields)
}
