// Stands for an emulator that gets killed while it writes: overwrites eight keys for ever, and tells what is on disk.
import { Readable } from 'node:stream'
import { createViteServer } from 'vitest/node'

const server = await createViteServer({
  configFile: false,
  server: { middlewareMode: true, ws: false },
  appType: 'custom',
  optimizeDeps: { noDiscovery: true },
})
const { openObjectStore } = await server.ssrLoadModule(new URL('store.ts', import.meta.url).pathname)
const owner = { accountId: '1', canonicalId: '1' }
const acl = { owner, grants: [] }
const store = await openObjectStore({ folder: process.argv[2] })
await store.createBucket({ name: 'b', acl, location: '' })

async function overwrite(key, size) {
  for (let version = 1; version < 256; version += 1) {
    const body = Readable.from([Buffer.alloc(size / 2, version), Buffer.alloc(size / 2, version)])
    await store.putObject({ bucket: 'b', key, acl, headers: {}, metadata: {}, body })
    process.send([key, version])
  }
}

await Promise.all(Array.from({ length: 8 }, (_, i) => overwrite(`key ${i}`, i % 2 ? 200_000 : 1000)))
