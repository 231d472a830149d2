import { createHash, timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { AccountExists, BadAccountName } from './accounts.ts'
import { consolePages } from './admin-console.ts'
import { certifiedKey } from './certificate.ts'
import type { Cloud } from './cloud.ts'

/** What `GET /_euca/health` tells. */
export interface Health {
  readonly status: 'starting' | 'ok'
  readonly version: string
  readonly fidelity: string
  readonly services: readonly string[]
  /** What boots guests, or why nothing does. */
  readonly node: string
  /** How many times longer than on an ordinary host waits have to be; known when the node was looked at. */
  readonly pace?: number
  readonly images: number
  readonly instances: Readonly<Record<string, number>>
}

/** Our own pages and calls: everything below `/_euca/`. */
export function adminApp(cloud: Cloud, token: string, health: () => Health): Hono {
  const app = new Hono().basePath('/_euca')
  // A page of another site, or a name that points here, has no business with these (DNS rebinding, CSRF).
  app.use(async (context, next) => {
    const host = (context.req.header('host') ?? '').replace(/:\d+$/, '')
    const own = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|[a-z0-9-]+\.localhost)$/i.test(host)
    const site = context.req.header('sec-fetch-site') ?? 'none'
    if (!own || context.req.header('origin') || !['none', 'same-origin'].includes(site)) {
      return context.json({ error: 'this address answers local programs only' }, 403)
    }
    await next()
    return undefined
  })
  app.get('/health', (context) => {
    const now = health()
    return context.json(now, now.status === 'ok' ? 200 : 503)
  })
  app.use(async (context, next) => {
    const given = context.req.header('authorization') ?? ''
    if (!same(given, `Bearer ${token}`)) return context.json({ error: 'the token of credentials.json is needed' }, 401)
    await next()
    return undefined
  })
  app.get('/instances/:id', (context) => {
    const instance = cloud.instances.get(context.req.param('id').toLowerCase())
    if (!instance) return context.json({ error: `there is no instance ${context.req.param('id')}` }, 404)
    const { id, state, network, keyName, groupIds } = instance
    const groups = groupIds.map((group) => ({ id: group, name: cloud.groups.get(group)?.name }))
    const ports = cloud.network.listening(network.publicAddress)
    return context.json({ id, state, network, keyName, groups, ports, vnc: cloud.machines.vnc(id) })
  })
  consolePages(app, cloud)
  app.post('/accounts', async (context) => {
    const { name } = await fields(context.req.raw)
    if (typeof name !== 'string') return context.json({ error: 'the name of the account is needed' }, 400)
    try {
      const { account, key } = await cloud.accounts.create(name)
      const certified = await certifyAccount(cloud, account.id, account.name)
      const { id, canonicalId } = account
      return context.json({
        id,
        name: account.name,
        canonicalId,
        accessKeyId: key.id,
        secretAccessKey: key.secret,
        ...certified,
      })
    } catch (error) {
      if (error instanceof AccountExists) return context.json({ error: error.message }, 409)
      if (error instanceof BadAccountName) return context.json({ error: error.message }, 400)
      throw error
    }
  })
  app.post('/certificates', async (context) => {
    const { accountId } = await fields(context.req.raw)
    const account = cloud.accounts.byId(String(accountId))
    if (!account) return context.json({ error: `there is no account ${accountId}` }, 404)
    return context.json(await certifyAccount(cloud, account.id, account.name))
  })
  app.notFound((context) => context.json({ error: 'there is nothing at this address' }, 404))
  app.onError((error, context) => {
    console.error(error)
    return context.json({ error: 'an internal error has occurred' }, 500)
  })
  return app
}

/** The fields of a JSON body; none when it is no JSON object. */
async function fields(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text()
  try {
    return Object(JSON.parse(text))
  } catch {
    // Each call says which of the fields it misses.
    return {}
  }
}

/** Makes a key for the account's user and keeps its certificate; the private key is given away and kept nowhere. */
async function certifyAccount(cloud: Cloud, accountId: string, name: string) {
  const { privateKey, certificate } = await certifiedKey(
    `${name}-admin`,
    cloud.ids.uuid().replaceAll('-', ''),
    cloud.clock,
  )
  await cloud.accounts.addCertificate(accountId, certificate)
  return { privateKey, certificate }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const same = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))
