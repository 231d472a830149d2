import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { open } from 'lmdb'

/**
 * What no Object Storage on Node's HTTP server gets below: objects in memory by their path, each request hashed as often
 * as its signature (version 4), its payload and its ETag want. It parses nothing, compares nothing, knows no buckets and
 * logs nothing. With a file as its second argument it also writes there what is put and removes what is deleted, as one
 * row, by LMDB, in shared transactions; with `durable` as its third it answers when that is on the disk.
 *
 *     node bare-server.js PORT [FILE [durable]]
 */
const [port, path, mode] = process.argv.slice(2)
const objects = new Map<string, { readonly bytes: Buffer; readonly etag: string }>()
const durable = mode === 'durable'
const file = path === undefined ? undefined : open<Buffer, string>({ path, encoding: 'binary', noSync: !durable })
/** Done when a change is kept as is asked for. */
const kept = async (change: (to: NonNullable<typeof file>) => Promise<boolean>) => {
  if (!file) return
  const committed = change(file)
  await (durable ? file.flushed : committed)
}
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
    .on('end', async () => {
      const body = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
      response.setHeader('x-amz-request-id', sign(request, sha256(body)).slice(0, 16))
      if (method === 'PUT') {
        const etag = createHash('md5').update(body).digest('hex')
        objects.set(url, { bytes: body, etag })
        await kept((to) => to.put(url, body))
        return response.writeHead(200, { 'content-length': 0, etag }).end()
      }
      if (method === 'DELETE') {
        const status = objects.delete(url) ? 204 : 404
        await kept((to) => to.remove(url))
        return response.writeHead(status).end()
      }
      const { bytes = Buffer.alloc(0), etag = '' } = objects.get(url) ?? {}
      response.writeHead(200, { 'content-length': bytes.length, etag })
      return method === 'HEAD' ? response.end() : response.end(bytes)
    })
})
server.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
