import { readdir } from 'node:fs/promises'
import { basename, extname, join, parse } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Operation } from '../src/protocol/operation.ts'
import type { Fields } from '../src/protocol/shape.ts'
import type { Cloud } from './cloud.ts'
import { knownActions } from './ec2/known-actions.ts'
import { servicesOf } from './routes.ts'

/** The operations of one query service by their wire names. */
export type Operations = ReadonlyMap<string, Operation<Cloud, Fields>>

/** `AttachVolume.ts` or `.js` is an operation; a lower-case file, a test and a declaration are not. */
const operationFile = /^[A-Z][A-Za-z0-9]*\.(?:ts|js)$/
const here = fileURLToPath(new URL('.', import.meta.url))

/** The files of a service's operations, found by their names: adding one is adding its file. */
export async function operationFiles(service: string): Promise<string[]> {
  const folder = join(here, service)
  const areas = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const files = await Promise.all(
    areas.map(async ({ name }) => (await readdir(join(folder, name))).map((file) => join(folder, name, file))),
  )
  const own = extname(fileURLToPath(import.meta.url))
  return files.flat().filter((file) => operationFile.test(basename(file)) && extname(file) === own)
}

/** Loads all operations of a service; `around` may put something around each. */
export async function loadOperations(
  service: string,
  around: (operation: Operation<Cloud, Fields>) => Operation<Cloud, Fields> = (operation) => operation,
): Promise<Operations> {
  const files = await operationFiles(service)
  const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ pathToFileURL(file).href)))
  return new Map(modules.map(({ default: operation }) => [operation.name, around(operation)]))
}

/** One operation of the cloud: there, or known and answered as not supported. */
export interface ListedOperation {
  /** Not known of one that is not there: an action's name does not tell. */
  readonly service?: string
  readonly name: string
  readonly supported: boolean
}

/** All operations of all services, or of those that a cloud of Object Storage alone has, by service and name. */
export async function listOperations(named: keyof typeof servicesOf = 'all'): Promise<ListedOperation[]> {
  const services = await Promise.all(
    servicesOf[named].map(async (service) =>
      (await operationFiles(service)).map((file) => ({ service, name: parse(file).name, supported: true })),
    ),
  )
  const unsupported = (named === 'all' ? knownActions : []).map((name) => ({ name, supported: false }))
  const byName = (a: ListedOperation, b: ListedOperation) => a.name.localeCompare(b.name)
  const supported = services.flat().sort((a, b) => a.service.localeCompare(b.service) || byName(a, b))
  return [...supported, ...unsupported.sort(byName)]
}
