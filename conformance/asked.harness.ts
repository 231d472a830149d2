import { routeOf } from '../emulator/routes.ts'
import type { S3Operation } from '../emulator/s3/operation.ts'
import { createRouter } from '../emulator/s3/router.ts'
import { listOperations, operationFiles } from '../emulator/surface.ts'
import { parseRestPath, subResourceOf } from '../src/protocol/rest.ts'
import { actionOf, type Exchange } from './reports/exchange.ts'
import type { Fidelity } from './target.ts'

type Asked = Pick<Exchange, 'method' | 'url' | 'body' | 'headers' | 'cleanUp'>

/**
 * Tells which operations a case has asked an emulator for itself, by what it has sent: the action of a query service, and of
 * Object Storage what the emulator's own routes make of the request, whatever became of it. Clean-up does not count.
 */
export async function askedOperations(fidelity: Fidelity): Promise<(exchanges: readonly Asked[]) => Set<string>> {
  const modules = await Promise.all((await operationFiles('s3')).map((file) => import(/* @vite-ignore */ file)))
  const router = createRouter(
    modules.map((module): S3Operation => module.default),
    fidelity,
  )
  const operationOf = (one: Asked): string | undefined => {
    const { host, rest } = /^\w+:\/\/(?<host>[^/?]*)(?<rest>.*)$/s.exec(one.url)?.groups ?? {}
    const [, rawPath = '', rawQuery = ''] = /^([^?]*)\??(.*)$/s.exec(rest ?? '') ?? []
    const action = actionOf(one)
    const { service, path } = routeOf(rawPath, () => undefined, host)
    if (service !== 's3') return action
    try {
      const { of } = parseRestPath(path)
      const headers = Object.fromEntries(one.headers.map(([name, value]) => [name.toLowerCase(), value]))
      const sub = subResourceOf(of, [...new URLSearchParams(rawQuery)])
      return router({ method: one.method, of, sub, headers })?.name
    } catch {
      // Wrong on purpose: no path, or one that is no UTF-8.
      return undefined
    }
  }
  return (exchanges) => new Set(exchanges.flatMap((one) => (one.cleanUp ? [] : (operationOf(one) ?? []))))
}

/** The operations that are told from a request: not those that Object Storage has in other clouds only. */
export const toldOperations = async (): Promise<Set<string>> =>
  new Set((await listOperations()).map(({ name }) => name))
