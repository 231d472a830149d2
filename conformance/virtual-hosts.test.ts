import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, globalAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import type { RawRequest } from '../src/client/send.ts'
import { clientsOf } from './clients.ts'
import type { Transport } from './minio.ts'
import type { Target } from './target.ts'
import { inHost, toHost, transportToHost } from './virtual-hosts.ts'

test.each([
  ['/bucket', 'http://bucket.s3.localhost:1', '/'],
  ['/bucket/a//b', 'http://bucket.s3.localhost:1', '/a//b'],
  ['/', 'http://s3.localhost:1', '/'],
])('the bucket of %s stands before the host', (path, endpoint, rest) => {
  const request = { method: 'GET', path, query: 'acl' }
  expect(inHost('http://s3.localhost:1', request)).toEqual({ endpoint, request: { ...request, path: rest } })
})

test.each([
  ['http://bucket.s3.localhost:1', '127.0.0.1'],
  ['https://bucket.s3.example.org', undefined],
])('a request to %s goes to the address %s', async (endpoint, expected) => {
  const sent: RawRequest[] = []
  const answer = { status: 200, headers: {}, body: Buffer.of() }
  const send = toHost(async (request) => {
    sent.push(request)
    return answer
  })
  await send({ method: 'GET', endpoint, rawPath: '/', rawQuery: '', headers: [], body: '' })
  expect(sent.map((one) => [one.endpoint, one.address])).toEqual([[endpoint, expected]])
})

test('a request of minio-js goes to the loopback under the name that it has', () => {
  const asked: unknown[] = []
  const transport = { request: (options: unknown) => asked.push(options) } as unknown as Transport
  transportToHost(transport).request({ host: 'bucket.s3.localhost', headers: { host: 'bucket.s3.localhost:1' } })
  expect(asked).toEqual([{ host: '127.0.0.1', headers: { host: 'bucket.s3.localhost:1' } }])
})

/** The port of a server whose certificate is trusted in this test, and is of these names alone; it answers with what it was asked. */
async function secureServer(names: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'euca-emu-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test']
  execFileSync('openssl', ['req', ...form, '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  const identity = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  const server = createServer(identity, ({ url, headers, socket }, response) => {
    response.end(`${(socket as TLSSocket & { servername?: string }).servername} ${headers.host?.split(':')[0]} ${url}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { ca } = globalAgent.options
  globalAgent.options.ca = identity.cert
  onTestFinished(() => {
    if (ca === undefined) delete globalAgent.options.ca
    else globalAgent.options.ca = ca
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** What Object Storage at an HTTPS port says to the raw client and to minio-js about an object in a bucket. */
function asked(port: number) {
  const url = 'https://127.0.0.1:9'
  const target: Target = {
    ...{ name: 'here', fidelity: 'aws', region: 'here', zone: 'a', endpoints: { ec2: url, s3: url, sts: url } },
    administrator: { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    ...{ capabilities: ['s3'], instanceType: { name: 't', diskGiB: 1 }, timeScale: 1 },
  }
  const { s3, minio } = clientsOf(target, target.administrator, { hosts: `https://s3.localhost:${port}` })
  return [
    async () => (await s3({ method: 'GET', path: '/bucket/object' })).body.toString(),
    async () => (await (await minio.getObject('bucket', 'object')).toArray()).join(''),
  ] as const
}

test('a bucket in the host is reached over TLS: its name is told, and the certificate has to be of it', async () => {
  const port = await secureServer('DNS:*.s3.localhost')
  const host = 'bucket.s3.localhost'
  for (const ask of asked(port)) expect(await ask()).toBe(`${host} ${host} /object`)
})

test('a certificate of the address alone is none of the bucket in the host', async () => {
  const port = await secureServer('IP:127.0.0.1')
  for (const ask of asked(port)) await expect(ask()).rejects.toThrow(/does not match certificate's altnames/)
})
