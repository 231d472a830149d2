import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Cloud } from './cloud.ts'

/** As much may be typed at once, in bytes. */
const largestInput = 64 * 1024

/** Why something was not typed. */
const refusals = { off: 'its machine does not run', full: 'its guest has not read what was typed before' } as const

/** Adds the calls that read an instance's serial console and type on it; whoever comes so far has the token. */
export function consolePages(app: Hono, cloud: Cloud): void {
  const path = '/instances/:id/console'
  app.use(path, async (context, next) => {
    const id = context.req.param('id')
    if (!cloud.instances.get(id.toLowerCase())) return context.json({ error: `there is no instance ${id}` }, 404)
    await next()
    return undefined
  })
  // `?live` stays until the instance ends.
  app.get(path, (context) => {
    const live = context.req.query('live') !== undefined
    const headers = { 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' }
    return context.body(streamed(cloud, context.req.param('id').toLowerCase(), live), 200, headers)
  })
  const onError = () => Response.json({ error: `at most ${largestInput} bytes are typed at once` }, { status: 413 })
  app.post(path, bodyLimit({ maxSize: largestInput, onError }), async (context) => {
    const id = context.req.param('id').toLowerCase()
    const typed = cloud.machines.type(id, new Uint8Array(await context.req.arrayBuffer()))
    if (typed !== 'typed') return context.json({ error: `nothing was typed on ${id}: ${refusals[typed]}` }, 409)
    return context.json({})
  })
}

/** The console as the body of an answer; when its reader goes away, nobody follows any more. */
function streamed(cloud: Cloud, id: string, live: boolean): ReadableStream<Uint8Array> {
  const left = new AbortController()
  const pieces = cloud.machines.follow(id, live, left.signal)
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: () => left.abort(),
  })
}
