import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { minioClient } from './minio.ts'

test('a request is made once, whatever comes, and nothing is said about it', async () => {
  const said = (['log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name).mockReturnValue())
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.writeHead(503, { 'content-type': 'application/xml' }).end('<Error><Code>SlowDown</Code></Error>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = minioClient(endpoint, { accessKeyId: 'AKIA', secretAccessKey: 'secret', region: 'here' })
  await expect(client.makeBucket('bucket')).rejects.toThrow()
  expect(asked).toBe(1)
  for (const spy of said) expect(spy).not.toHaveBeenCalled()
})
