import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'

/**
 * What no Object Storage on Node's HTTP server gets below: objects in memory by their path, each request hashed as often
 * as its signature (version 4), its payload and its ETag want. It parses nothing, compares nothing, keeps and syncs nothing,
 * knows no buckets and logs nothing. Its port is its only argument.
 */
const objects = new Map<string, { readonly bytes: Buffer; readonly etag: string }>()
const key = createHash('sha256').update('a key of today').digest()
const sha256 = (what: string | Buffer) => createHash('sha256').update(what).digest('hex')

/** The two hashes and the HMAC of a signature. */
function sign({ method, url, headers }: IncomingMessage, payload: string): string {
  const signed = `host:${headers.host}\nx-amz-content-sha256:${payload}\nx-amz-date:${headers['x-amz-date']}\n`
  const canonical = `${method}\n${url}\n\n${signed}\nhost;x-amz-content-sha256;x-amz-date\n${payload}`
  const text = `AWS4-HMAC-SHA256\n${headers['x-amz-date']}\n20260101/us-east-1/s3/aws4_request\n${sha256(canonical)}`
  return createHmac('sha256', key).update(text).digest('hex')
}

const server = createServer((request, response) => {
  const { method, url = '/' } = request
  const pieces: Buffer[] = []
  request
    .on('data', (piece: Buffer) => pieces.push(piece))
    .on('end', () => {
      const body = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
      response.setHeader('x-amz-request-id', sign(request, sha256(body)).slice(0, 16))
      if (method === 'PUT') {
        const etag = createHash('md5').update(body).digest('hex')
        objects.set(url, { bytes: body, etag })
        return response.writeHead(200, { 'content-length': 0, etag }).end()
      }
      if (method === 'DELETE') return response.writeHead(objects.delete(url) ? 204 : 404).end()
      const { bytes = Buffer.alloc(0), etag = '' } = objects.get(url) ?? {}
      response.writeHead(200, { 'content-length': bytes.length, etag })
      return method === 'HEAD' ? response.end() : response.end(bytes)
    })
})
server.listen(Number(process.argv[2]), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
