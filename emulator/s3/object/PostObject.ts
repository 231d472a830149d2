import { type Readable, Transform } from 'node:stream'
import { type FormFile, FormTooLarge, MalformedForm, readUploadForm } from '../../../src/protocol/multipart-form.ts'
import { authenticationRules } from '../../../src/protocol/signature/request.ts'
import { verifyPolicySignature } from '../../../src/protocol/signature/verify-policy.ts'
import { toBytes } from '../../../src/protocol/signature/wire.ts'
import { document, elements } from '../../../src/protocol/xml.ts'
import type { ObjectRecord } from '../../objects/records.ts'
import { admitToBucket, ownerOf } from '../access.ts'
import { aclForNew } from '../acl.ts'
import { demandsOf } from '../demands.ts'
import { fault } from '../faults.ts'
import { bucketUrl, type S3Answer, type S3Call, type S3Sender, type S3World, s3Operation } from '../operation.ts'
import { checkPolicy, type SizeRange } from '../post-policy.ts'
import { roleMay } from '../role-permissions.ts'
import { mostTags, tagsOf } from '../tags.ts'
import { refuseUnsupported } from '../unsupported-headers.ts'
import { newVersionHeader } from '../version-id.ts'
import { checksumHeaders } from './checksums.ts'
import { formChecksum } from './form-checksum.ts'
import PutObject, { largestPut } from './PutObject.ts'
import { headersToStore } from './stored-headers.ts'

/** What stands before the file's bytes: S3 API reference; Eucalyptus' own buffer is a little larger. */
const largestFields = 20 * 1024
const longestKey = 1024
const anySize: SizeRange = { least: 0, most: Number.MAX_SAFE_INTEGER }

/** The form's fields by their names in lower case, `${filename}` replaced; a name that comes twice is refused. */
function fieldsOf(bucket: string, sent: readonly (readonly [string, string])[], filename = ''): Map<string, string> {
  const fields = new Map<string, string>()
  for (const [name, value] of sent) {
    const lower = name.toLowerCase()
    if (fields.has(lower)) throw fault('invalidArgument', `The form has more than one field named ${name}`)
    fields.set(
      lower,
      value.replace(/\$\{filename\}/g, () => filename),
    )
  }
  // The bucket is that of the path, whatever the form says: policies must speak of it (section 10.4).
  return fields.set('bucket', bucket)
}

/** Whose upload it is, by the policy's signature; without a policy that of the request itself. */
function senderOf(
  world: S3World,
  call: S3Call,
  fields: ReadonlyMap<string, string>,
): Pick<S3Sender, 'requester' | 'arn' | 'may'> {
  if (!fields.get('policy')) return { requester: call.requester, ...(call.arn !== undefined && { arn: call.arn }) }
  const [key, signature] = fields.has('x-amz-signature')
    ? ['x-amz-credential', 'x-amz-signature']
    : ['AWSAccessKeyId', 'Signature']
  for (const name of [signature, key]) {
    const detail = `Policy specified, but no ${name === signature ? 'signature' : name} field found.`
    if (!fields.get(name.toLowerCase())) throw fault('postFieldMissing', detail, name)
  }
  let sender: S3Sender | undefined
  const lookUp = (id: string, token: string | undefined) => {
    sender = world.sender(id, token)
    return sender
  }
  verifyPolicySignature(fields, lookUp, authenticationRules(world.settings))
  if (!sender) throw new Error('a form passed without the access key that signed it')
  return sender
}

/** The same bytes; errs as soon as they are too many, and at their end when they are too few. */
function limited(body: Readable, { least, most }: SizeRange): Readable {
  let size = 0
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > most) done(fault('postTooLarge', 'Policy conditions not met'))
      else if (size > largestPut) done(fault('entityTooLarge'))
      else done(null, chunk)
    },
    flush: (done) => done(size < least ? fault('postTooSmall', 'Policy conditions not met') : null),
  })
  body.once('error', (error) => check.destroy(postFault(error)))
  return body.pipe(check)
}

/** What of a form a PUT would have sent in headers. */
const isHeader = (name: string) =>
  name.startsWith('x-amz-') || /^(?:content-(?:type|disposition|encoding|language)|cache-control|expires)$/.test(name)

/**
 * The form as headers would say it. They are sent back as headers one day, so nothing may be in them that cannot: they
 * have one character a byte.
 */
function headersOf(fields: ReadonlyMap<string, string>, file: FormFile, isAws: boolean): S3Call['headers'] {
  const acl = fields.get('acl')
  const sent = acl === undefined ? fields : new Map([...fields, ['x-amz-acl', acl]])
  const headers = [...sent].flatMap(([name, value]) => {
    if (!isHeader(name)) return []
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || /[^\t\x20-\x7e\u0080-\uffff]/.test(value)) {
      throw fault('invalidArgument', `The field ${name} cannot be a header`)
    }
    return [[name, toBytes(value)] as const]
  })
  // Eucalyptus takes the type that the file's own part has, AWS only a field.
  const type = isAws ? undefined : file.contentType
  return { ...(type !== undefined && { 'content-type': toBytes(type) }), ...Object.fromEntries(headers) }
}

/** The address that the client asked to be sent to, with what was stored; undefined when it is none. */
function redirection(fields: ReadonlyMap<string, string>, bucket: string, key: string, etag: string) {
  const asked = fields.get('success_action_redirect') ?? fields.get('redirect')
  if (!asked || !URL.canParse(asked)) return undefined
  const { protocol, href, search, hash } = new URL(asked)
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  const stored = `bucket=${encodeURIComponent(bucket)}&key=${encodeURIComponent(key)}&etag=%22${etag}%22`
  return `${href.slice(0, href.length - hash.length)}${search ? '&' : '?'}${stored}${hash}`
}

/** Who names no status gets 204 in either cloud (ObjectStorageRESTBinding.java; S3 API reference, POST Object). */
function answer(call: S3Call, fields: ReadonlyMap<string, string>, object: ObjectRecord): S3Answer {
  const { bucket } = call
  const { key, etag } = object
  const location = `${bucketUrl(call)}/${key.split('/').map(encodeURIComponent).join('/')}`
  const stored = { etag: `"${etag}"`, location, ...newVersionHeader(object), ...checksumHeaders(object.checksum) }
  const elsewhere = redirection(fields, bucket, key, etag)
  if (elsewhere !== undefined) return { status: 303, headers: { ...stored, location: elsewhere } }
  const status = fields.get('success_action_status')
  if (status === '200') return { headers: stored }
  if (status !== '201') return { status: 204, headers: stored }
  const response = { Location: location, Bucket: bucket, Key: key, ETag: `"${etag}"` }
  return { status: 201, headers: stored, xml: document('PostResponse', undefined, elements(response, 's3')) }
}

/** What a client sees of a form that cannot be read. */
function postFault(error: Error): Error {
  if (error instanceof FormTooLarge) return fault('postFieldsTooLarge')
  return error instanceof MalformedForm ? fault('malformedPost', error.message) : error
}

async function readForm({ stream, headers, bucket }: S3Call, isAws: boolean) {
  const type = headers['content-type']
  if (!/^multipart\/form-data\b/i.test(type ?? '')) throw fault('postNotForm')
  const limits = { beforeFile: largestFields, behindFile: isAws ? 'ignored' : 'refused' } as const
  const { fields, file } = await readUploadForm(stream(), type, limits).catch((error: Error) => {
    throw postFault(error)
  })
  if (!file) throw fault('postNoFile')
  return { fields: fieldsOf(bucket, fields, file.filename), file }
}

/** Decides on a form that has been read up to its file, and stores that. */
async function store(world: S3World, call: S3Call, fields: ReadonlyMap<string, string>, file: FormFile) {
  const { fidelity } = world.settings
  const key = fields.get('key')
  if (!key) throw fault('postFieldMissing', "The form has no field named 'key'", 'key')
  if (Buffer.byteLength(key) > longestKey) throw fault('keyTooLong')
  const { requester, arn, may } = senderOf(world, call, fields)
  const range = fields.get('policy') ? checkPolicy(fields, world.clock.now(), fidelity) : anySize
  refuseUnsupported(world, Object.fromEntries(fields))
  const headers = headersOf(fields, file, fidelity === 'aws')
  const put: S3Call = { ...call, key, headers: { ...call.headers, ...headers }, requester, arn }
  if (may && !roleMay(may, PutObject, { ...put, headers })) throw fault('accessDenied')
  const bucket = await admitToBucket(world, 'WRITE', put, () => demandsOf(PutObject, { ...put, headers }))
  const acl = aclForNew(world, { ...call, headers }, ownerOf(requester), bucket)
  const tagging = fidelity === 'aws' ? fields.get('tagging') : undefined
  const tags = tagging === undefined ? {} : { tags: tagsOf(Buffer.from(tagging), mostTags.object) }
  const body = limited(file.body, range)
  const stored = { ...headersToStore(headers), ...tags, ...formChecksum(world, fields) }
  const object = await world.objects.putObject({ bucket: bucket.name, key, acl, ...stored, body })
  return answer(call, fields, object)
}

/**
 * Stores the file of a form that a browser or a bundling node posts, under the form's own policy, whose signature stands
 * for that of the request (eucalyptus-behaviour.md section 10.4). Without a policy only ACLs decide.
 */
export default s3Operation('PostObject', {
  route: { method: 'POST', of: 'bucket' },
  access: 'anyone',
  body: 'stream',
  async run(world, call) {
    const { fields, file } = await readForm(call, world.settings.fidelity === 'aws')
    try {
      return await store(world, call, fields, file)
    } catch (error) {
      file.discard()
      throw error
    }
  },
})
