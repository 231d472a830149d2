// Stands for an emulator that gets killed: starts the machine that it is sent and tells when it runs.
import { createViteServer } from 'vitest/node'

process.once('message', async ({ spec, acceleratorCache, supervision }) => {
  const server = await createViteServer({
    configFile: false,
    server: { middlewareMode: true, ws: false },
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
  })
  const { qemuHypervisor } = await server.ssrLoadModule(new URL('qemu.ts', import.meta.url).pathname)
  const { systemClock } = await server.ssrLoadModule(new URL('../state/clock.ts', import.meta.url).pathname)
  await qemuHypervisor({ clock: systemClock, acceleratorCache, supervision }).start(spec)
  process.send('running')
})
