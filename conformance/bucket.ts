import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { S3Request } from '../src/client/s3.ts'
import type { RawResponse } from '../src/client/send.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { list, readXml, text, type Xml } from '../src/client/xml.ts'
import { makeBucket, removeVersions } from './buckets.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** What a request may have besides method, path and query. */
export type More = Omit<Partial<S3Request>, 'method' | 'path' | 'query'>

/** A bucket of a case, and requests to it as one account. */
export interface Bucket {
  readonly name: string
  /**
   * Asks for `key?query`, percent-encoded as it shall be sent; without a key it is about the bucket. Throws ServiceError
   * for an answer that is no success, and says what was asked.
   */
  ask(method: string, keyAndQuery?: string, more?: More): Promise<RawResponse>
  /** Puts an object; gives the headers of the answer. */
  put(key: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<RawResponse['headers']>
  /** The text of an object. */
  read(keyAndQuery: string, more?: More): Promise<string>
  /** The content of the document that comes for `key?query`. */
  document(keyAndQuery: string): Promise<Xml>
  /** The same bucket as another account. */
  as(clients: Clients): Bucket
  /** The same bucket as nobody in particular. */
  readonly anonymous: Bucket
}

/** A bucket by its name, as an account sees it. */
export function bucketNamed(name: string, clients: Clients, own: More = {}): Bucket {
  const ask: Bucket['ask'] = async (method, keyAndQuery = '', more = {}) => {
    const [key = '', ...query] = keyAndQuery.split('?')
    const path = key === '' ? `/${name}` : `/${name}/${key}`
    // S3 demands a digest of the documents that configure a bucket or delete from it.
    const body = more.body ?? ''
    const isDocument = query.length > 0 && body.length > 0 && !keyAndQuery.includes('uploadId=')
    const digest = isDocument ? { 'content-md5': contentMd5(body) } : {}
    const headers = { ...digest, ...own.headers, ...more.headers }
    const request = { method, path, ...own, ...more, headers, ...(query.length && { query: query.join('?') }) }
    return clients.s3(request).catch((error: unknown) => {
      if (error instanceof ServiceError) error.message = `${error.message} (asked: ${method} /${name}/${keyAndQuery})`
      throw error
    })
  }
  return {
    name,
    ask,
    put: async (key, body, headers = {}) => (await ask('PUT', key, { body, headers })).headers,
    read: async (keyAndQuery, more) => (await ask('GET', keyAndQuery, more)).body.toString(),
    document: async (keyAndQuery) => contentOf(await ask('GET', keyAndQuery)),
    as: (others) => bucketNamed(name, others, own),
    get anonymous() {
      return bucketNamed(name, clients, { ...own, sign: 'none' })
    },
  }
}

/** Makes a bucket that is emptied and removed after the case. */
export async function openBucket(tools: Tools, clients: Clients = tools.administrator): Promise<Bucket> {
  return bucketNamed(await makeBucket(tools, clients), clients)
}

/** The content of an answer's document. */
export const contentOf = ({ body }: RawResponse): Xml => readXml(body.toString()).content

/** The texts of a field of each element of a list: `texts(document, 'Contents', 'Key')`. */
export const texts = (from: Xml, name: string, ...path: string[]): (string | undefined)[] =>
  list(from, name).map((element) => text(element, ...path))

/** The hexadecimal MD5 of bytes, in quotes as an ETag has it. */
export const etagOf = (bytes: string | Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`

/** The value of Content-MD5. */
export const contentMd5 = (bytes: string | Buffer): string => createHash('md5').update(bytes).digest('base64')

/** Asserts what came; a failure begins with what was asked. */
export function expectSame(asked: string, came: unknown, expected: unknown): void {
  try {
    assert.deepEqual(came, expected)
  } catch (error) {
    if (error instanceof assert.AssertionError) {
      error.message = error.message.replace(/^.*/, () => `${asked}: not what was expected`)
    }
    throw error
  }
}

/** Asserts some headers of an answer; `undefined` stands for a header that must not be there. */
export function expectHeaders(
  asked: string,
  { headers }: Pick<RawResponse, 'headers'>,
  expected: Readonly<Record<string, string | undefined>>,
): void {
  const came = Object.fromEntries(Object.keys(expected).map((name) => [name, headers[name]]))
  expectSame(asked, came, { ...expected })
}

/** Asserts that an attempt is refused with a status, whatever the code: where the reference names none. */
export async function expectStatus(attempt: Promise<RawResponse>, status: number): Promise<void> {
  const came = await attempt.then(
    (answer) => answer.status,
    (error: unknown) => {
      if (error instanceof ServiceError) return error.status
      throw error
    },
  )
  assert.equal(came, status)
}

/**
 * Asserts what a change of a bucket's configuration brings about: at once, but in AWS in its own time (S3 User Guide, Amazon S3
 * data consistency model). Throws what the assertion has thrown last.
 */
export async function settled(tools: Tools, assertion: () => Promise<unknown>): Promise<void> {
  if (tools.target.fidelity === 'eucalyptus') return void (await assertion())
  let last: unknown
  const holds = () =>
    assertion().then(
      () => true,
      (error: unknown) => {
        last = error
        return false
      },
    )
  await tools.until('what a configuration brings about', holds, Boolean, 15).catch((error: unknown) => {
    throw last ?? error
  })
}

/** The document that sets a bucket's versioning. */
export const versioningOf = (status: string): string =>
  `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`

/** Has a bucket keep versions; all of them are removed after the case. */
export async function keepVersions(tools: Tools, { name, ask }: Bucket, clients = tools.administrator): Promise<void> {
  tools.later(`versions in ${name}`, () => removeVersions(clients, name))
  await ask('PUT', '?versioning', { body: versioningOf('Enabled') })
  await settled(tools, async () => {
    expectSame('GET ?versioning', text(contentOf(await ask('GET', '?versioning')), 'Status'), 'Enabled')
  })
}

/** Makes a bucket that keeps versions. */
export async function openVersionedBucket(tools: Tools, clients: Clients = tools.administrator): Promise<Bucket> {
  const bucket = await openBucket(tools, clients)
  await keepVersions(tools, bucket, clients)
  return bucket
}
