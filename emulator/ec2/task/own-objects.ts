import { authenticate } from '../../../src/protocol/authentication.ts'
import { Fault } from '../../../src/protocol/faults.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import { BadPath, parseRestPath } from '../../../src/protocol/rest.ts'
import { hostPath } from '../../../src/protocol/service-host.ts'
import { authenticationRules } from '../../../src/protocol/signature/request.ts'
import type { Cloud } from '../../cloud.ts'
import { accountRequester, findSender, requesterOf, type Sender } from '../../senders.ts'

/** An object that was opened: see Objects of the store. */
type OpenObject = Awaited<ReturnType<Cloud['objects']['openObject']>>
type Requester = NonNullable<NonNullable<Parameters<Cloud['objects']['openObject']>[2]>['requester']>

/** Why there is no object to read: it may come yet, or whoever asks may not read it. */
export type Absence = 'missing' | 'denied'

/** A URL taken apart as it goes over the wire. */
interface WireUrl {
  readonly host: string
  readonly rawPath: string
  readonly rawQuery: string
}

function wireUrl(url: string): WireUrl | undefined {
  const [, host, rawPath, rawQuery = ''] = /^https?:\/\/([^/?#@]+)(\/[^?#]*)(?:\?([^#]*))?$/i.exec(url) ?? []
  return host === undefined || rawPath === undefined ? undefined : { host: host.toLowerCase(), rawPath, rawQuery }
}

/** The names by which a host calls itself. */
const loopback = /^(?:localhost|[a-z0-9._-]+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether a URL names this very emulator. Nothing else is ever fetched: whoever asks may not look around with our eyes. */
export function isOwnUrl(cloud: Cloud, url: string): boolean {
  const { hostname, port } = new URL(cloud.endpoint())
  const [, name = '', itsPort = '80'] = /^(.*?)(?::(\d+))?$/.exec(wireUrl(url)?.host ?? '') ?? []
  return itsPort === (port || '80') && (name === hostname || loopback.test(name))
}

/** Opens an object as `requester`. */
async function open(cloud: Cloud, bucket: string, key: string, requester: Requester): Promise<OpenObject | Absence> {
  try {
    return await cloud.objects.openObject(bucket, key, { requester })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'NoSuchBucket' || code === 'NoSuchKey') return 'missing'
    if (code === 'AccessDenied') return 'denied'
    throw error
  }
}

/** Opens an object as an account may. The caller closes it, or reads it to its end. */
export async function openAs(
  cloud: Cloud,
  { accountId }: Pick<Caller, 'accountId'>,
  bucket: string,
  key: string,
): Promise<OpenObject | Absence> {
  const account = cloud.accounts.byId(accountId)
  if (!account) return 'denied'
  return open(cloud, bucket, key, accountRequester(account, cloud.settings.fidelity))
}

const servicePath = /^\/services\/(?:objectstorage|walrus)(?=\/)/i

/**
 * Opens what a URL of this emulator names, as a GET or a HEAD of it would: its signature, the policies of a role whose
 * session signed it, and the ACL of the object decide, and no connection is made. A URL of anywhere else is denied.
 */
export async function openByUrl(cloud: Cloud, url: string, method: 'GET' | 'HEAD'): Promise<OpenObject | Absence> {
  const wire = wireUrl(url)
  if (!wire || !isOwnUrl(cloud, url)) return 'denied'
  const { host, rawPath, rawQuery } = wire
  const onHost = hostPath(host, rawPath)
  const [service = ''] = (onHost ? undefined : servicePath.exec(rawPath)) ?? []
  const { path, hostBucket } = onHost ?? { path: rawPath.slice(service.length) }
  const request = {
    ...({ service: 's3', method, rawPath, servicePath: service, rawQuery, headers: [['host', host]] } as const),
    ...(hostBucket !== undefined && { hostBucket }),
  }
  let sender: Sender | undefined
  const lookUp = (id: string, token: string | undefined) => {
    sender = findSender(cloud, id, token)
    return sender
  }
  try {
    const { kind } = authenticate(request, lookUp, cloud.clock.now(), authenticationRules(cloud.settings))
    const { requester, may } = requesterOf(kind === 'signed' ? sender : undefined, cloud.settings.fidelity)
    const { bucket, key } = parseRestPath(path)
    if (may && !may('s3:GetObject', { arn: `arn:aws:s3:::${bucket}/${key}` })) return 'denied'
    return await open(cloud, bucket, key, requester)
  } catch (error) {
    if (error instanceof Fault || error instanceof BadPath) return 'denied'
    throw error
  }
}
