import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { presignedUrl } from '../../../src/client/s3.ts'
import { ServiceError } from '../../../src/client/service-error.ts'
import { text } from '../../../src/client/xml.ts'
import { area } from '../../area.ts'
import { contentMd5, etagOf, expectHeaders, expectSame, openBucket } from '../../bucket.ts'
import { refusal } from '../../refusal.ts'
import { beginUpload } from '../../upload.ts'

const objects = area('objects', {
  needs: ['s3'],
  source: 'eucalyptus-behaviour.md section 10.1 (headers of encryption are ignored); S3 API Reference, PutObject',
})

/** What a request can ask for besides its bytes: the headers, and the one by which the object tells of it. */
const wishes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'x-amz-server-side-encryption': { 'x-amz-server-side-encryption': 'AES256' },
  'x-amz-website-redirect-location': { 'x-amz-website-redirect-location': '/elsewhere' },
  'x-amz-object-lock-mode': {
    'x-amz-object-lock-mode': 'GOVERNANCE',
    'x-amz-object-lock-retain-until-date': new Date(Date.now() + 86_400_000).toISOString(),
  },
}

/** Whether an attempt is taken: false when it is refused, for what it is or for what the cloud has not. Throws for all else. */
async function isTaken(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt
    return true
  } catch (error) {
    if (error instanceof ServiceError && [400, 405, 501].includes(error.status)) return false
    throw error
  }
}

/** Sends the head of a PUT and half of its body, and breaks the connection off. */
function breakOff(url: string, bytes: Buffer): Promise<void> {
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'PUT', agent: false, headers: { 'content-length': bytes.length } })
    // That the connection ends is what is wanted.
    outgoing.on('error', () => undefined).on('close', resolve)
    outgoing.write(bytes.subarray(0, bytes.length / 2), () => outgoing.destroy())
  })
}

export default [
  objects(
    'asked-for-more',
    'encryption, a redirect and a lock that a request asks for are kept and told, or refused with nothing stored; Eucalyptus tells of none',
    ['PutObject', 'CopyObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      await bucket.put('source', 'of a copy')
      for (const [told, headers] of Object.entries(wishes)) {
        const attempts = {
          put: () => bucket.put('put', 'content', { ...headers, 'content-md5': contentMd5('content') }),
          copy: () =>
            bucket.ask('PUT', 'copy', { headers: { ...headers, 'x-amz-copy-source': `/${bucket.name}/source` } }),
        }
        for (const [key, attempt] of Object.entries(attempts)) {
          await bucket.put(key, 'before')
          const taken = await isTaken(attempt())
          const seen = await bucket.ask('GET', key)
          const content = { put: 'content', copy: 'of a copy' }[key]
          expectSame(`GET ${key}`, seen.body.toString(), taken ? content : 'before')
          const kept = taken && tools.target.fidelity === 'aws' ? headers[told] : undefined
          expectHeaders(`GET ${key}`, seen, { [told]: kept })
          await bucket.ask('DELETE', key)
        }
      }
    },
  ),
  objects(
    'asked-for-in-vain',
    'Eucalyptus passes over encryption, redirects and locks that a request asks for, and stores the object',
    ['PutObject', 'GetObject'],
    async (tools) => {
      const bucket = await openBucket(tools)
      for (const [told, headers] of Object.entries(wishes)) {
        const attempt = bucket.put('object', told, { ...headers, 'content-md5': contentMd5(told) })
        // The case above is about AWS.
        if (tools.target.fidelity === 'aws' && !(await isTaken(attempt))) continue
        await attempt
        expectSame(`GET object, put with ${told}`, await bucket.read('object'), told)
        await bucket.ask('DELETE', 'object')
      }
    },
    // The reference says so with a mark: nobody has seen it.
    { level: 'SHOULD', source: 'eucalyptus-behaviour.md section 10.1 (headers of encryption are ignored)' },
  ),
  objects(
    'storage-class',
    'a storage class that there is not is refused by AWS, and refused or passed over by Eucalyptus; what is stored is STANDARD',
    ['PutObject', 'CopyObject', 'CreateMultipartUpload', 'ListObjectsV2'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const headers = { 'x-amz-storage-class': 'NO_SUCH_CLASS' }
      await bucket.put('source', 'content', { 'x-amz-storage-class': 'STANDARD' })
      const copied = { headers: { ...headers, 'x-amz-copy-source': `/${bucket.name}/source` } }
      const attempts: Readonly<Record<string, () => Promise<unknown>>> = {
        put: () => bucket.put('put', 'content', headers),
        copy: () => bucket.ask('PUT', 'copy', copied),
        upload: () => beginUpload(bucket, 'upload', headers),
      }
      const stored = ['source']
      const missing: string[] = []
      for (const [key, attempt] of Object.entries(attempts)) {
        const isStored = tools.target.fidelity === 'eucalyptus' && (await isTaken(attempt()))
        if (tools.target.fidelity === 'aws') await tools.refuses(attempt(), refusal('InvalidStorageClass', 400))
        if (key === 'upload') continue
        if (isStored) stored.push(key)
        else missing.push(key)
      }
      for (const key of stored) {
        expectSame(`GET ${key}`, await bucket.read(key), 'content')
        const row = text(await bucket.document(`?list-type=2&prefix=${key}`), 'Contents', 'StorageClass')
        expectSame(`the class of ${key}`, row, 'STANDARD')
      }
      for (const key of missing) await tools.refuses(bucket.read(key), refusal('NoSuchKey', 404))
    },
    { needs: ['s3', 'multipart'], source: 'S3 API Reference, PutObject (x-amz-storage-class) and List of error codes' },
  ),
  objects(
    'broken-off',
    'an upload that breaks off stores nothing: what was there stays, and where nothing was nothing is',
    ['PutObject', 'GetObject', 'UploadPart', 'ListParts'],
    async (tools) => {
      const bucket = await openBucket(tools)
      const bytes = Buffer.alloc(400_000, 'half of this ')
      await bucket.put('object', 'before')
      const id = await beginUpload(bucket, 'upload')
      const { s3Target } = tools.administrator
      for (const place of ['object', 'absent', `upload?partNumber=1&uploadId=${id}`]) {
        const [key = '', query = ''] = place.split('?')
        const ask = { method: 'PUT', path: `/${bucket.name}/${key}`, query, sign: 'v4-query' as const }
        for (let times = 0; times < 3; times++) await breakOff(presignedUrl(s3Target, ask), bytes)
      }
      // What would be stored by mistake has been by the time that as much was stored, and read, after it.
      for (let times = 0; times < 10; times++) {
        await bucket.put('whole', bytes)
        expectSame('GET, when it was sent whole', (await bucket.ask('GET', 'whole')).body.equals(bytes), true)
      }
      const seen = await bucket.ask('GET', 'object')
      expectSame('size and ETag of the object', [seen.body.length, seen.headers['etag']], [6, etagOf('before')])
      await tools.refuses(bucket.read('absent'), refusal('NoSuchKey', 404))
      expectSame('the parts', text(await bucket.document(`upload?uploadId=${id}`), 'Part', 'PartNumber'), undefined)
    },
    {
      needs: ['s3', 'multipart'],
      source: 'S3 User Guide, Uploading objects (a whole object is added, never a part of one); RFC 9112 section 8',
      seconds: 2,
    },
  ),
]
