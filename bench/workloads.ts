import { randomBytes } from 'node:crypto'
import { burst, request, type Step } from './load.ts'
import { type Body, bodyOf, build, type Endpoint } from './requests.ts'
import type { Server } from './server.ts'
import type { Connection } from './wire.ts'

const small = bodyOf(randomBytes(1024))
const mebibyte = 2 ** 20
const large = bodyOf(randomBytes(64 * mebibyte))
const parts = Array.from({ length: 8 }, (_, index) =>
  bodyOf(large.bytes.subarray(index * 8 * mebibyte, (index + 1) * 8 * mebibyte)),
)

const bucket = 'bench'
/** The flat bucket that pages are read of, and the one with 100 common prefixes. */
const flat = { bucket: 'flat', keys: 10_000 }
const tree = { bucket: 'tree', prefixes: 100, keys: 100 }
const fixed = 1000

const put = (to: Endpoint, path: string, body: Body): Step =>
  request(build(to, { method: 'PUT', path, body, expects: 200 }), body.bytes.length)

const remove = (to: Endpoint, path: string): Step => request(build(to, { method: 'DELETE', path, expects: 204 }))

/** Puts objects one after the other where the order of work does not matter. */
const fill = (server: Server, paths: readonly string[]) =>
  burst(
    server,
    paths.map((path) => put(server.endpoint, path, small)),
    16,
  )

/** Makes the buckets and what is read of them. */
export async function prepare(server: Server): Promise<void> {
  const to = server.endpoint
  const make = [bucket, flat.bucket, tree.bucket].map((name) =>
    request(build(to, { method: 'PUT', path: `/${name}`, expects: 200 })),
  )
  await burst(server, make, 1)
  const number = (index: number) => String(index).padStart(6, '0')
  const inFlat = Array.from({ length: flat.keys }, (_, index) => `/${flat.bucket}/key-${number(index)}`)
  const inTree = Array.from({ length: tree.prefixes * tree.keys }, (_, index) => {
    const prefix = number(Math.floor(index / tree.keys))
    return `/${tree.bucket}/p-${prefix}/key-${number(index % tree.keys)}`
  })
  const read = Array.from({ length: fixed }, (_, index) => `/${bucket}/fixed-${index}`)
  await fill(server, [...inFlat, ...inTree, ...read])
  await burst(server, [put(to, `/${bucket}/large`, large)], 1)
}

/** One thing that is measured. */
export interface Workload {
  readonly name: string
  readonly unit: 'per second' | 'MB/s'
  readonly connections: number
  /** The most steps of one burst. */
  readonly most: number
  /** So many steps, prepared so that nothing but sending is left; `round` makes names that were never used. */
  steps(to: Endpoint, count: number, round: string): Step[]
  /** Removes what a burst has made. */
  tidy?(to: Endpoint, count: number, round: string): Step[]
  /** What a burst needs to be there. */
  before?(to: Endpoint, count: number, round: string): Step[]
}

const times = (count: number, step: (index: number) => Step) => Array.from({ length: count }, (_, index) => step(index))
const made = (round: string, index: number) => `/${bucket}/made-${round}-${index}`

const removal = (to: Endpoint, count: number, round: string) => times(count, (index) => remove(to, made(round, index)))
const creation = (to: Endpoint, count: number, round: string) =>
  times(count, (index) => put(to, made(round, index), small))

const read = (method: 'GET' | 'HEAD', to: Endpoint, count: number): Step[] => {
  const all = times(Math.min(count, fixed), (index) =>
    request(build(to, { method, path: `/${bucket}/fixed-${index}`, expects: 200 })),
  )
  return times(count, (index) => all[index % all.length] as Step)
}

const listing = (path: string, query: (index: number) => string, to: Endpoint, count: number): Step[] =>
  times(count, (index) => request(build(to, { method: 'GET', path, query: query(index), expects: 200 })))

/** The step that uploads 64 MiB in 8 parts over one connection. */
function multipart(to: Endpoint, path: string): Step {
  const begin = build(to, { method: 'POST', path, query: 'uploads=', expects: 200 })
  return async (connection: Connection) => {
    const id = /<UploadId>([^<]+)</.exec((await connection.send(begin)).body)?.[1] ?? ''
    const uploadId = encodeURIComponent(id)
    const etags: string[] = []
    for (const [index, body] of parts.entries()) {
      const query = `partNumber=${index + 1}&uploadId=${uploadId}`
      const { head } = await connection.send(build(to, { method: 'PUT', path, query, body, expects: 200 }))
      etags.push(/\r\netag: *"?([^"\r]+)/i.exec(head)?.[1] ?? '')
    }
    const listed = etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`,
    )
    const xml = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`
    const query = `uploadId=${uploadId}`
    await connection.send(build(to, { method: 'POST', path, query, body: bodyOf(Buffer.from(xml)), expects: 200 }))
    return large.bytes.length
  }
}

const small16 = { unit: 'per second', connections: 16, most: 20_000 } as const
const bulk = { unit: 'MB/s', most: 32, tidy: removal } as const
const page = { unit: 'per second', connections: 1, most: 2000 } as const

const inFlat = () => `list-type=2&max-keys=1000&start-after=key-00${1000 + Math.floor(Math.random() * 7000)}`

/** What is measured, in this order. */
export const workloads: readonly Workload[] = [
  { name: 'PUT 1 KiB, 16 connections', ...small16, steps: creation, tidy: removal },
  { name: 'PUT 1 KiB, 1 connection', ...small16, connections: 1, most: 4000, steps: creation, tidy: removal },
  { name: 'GET 1 KiB, 16 connections', ...small16, steps: (to, count) => read('GET', to, count) },
  { name: 'HEAD, 16 connections', ...small16, steps: (to, count) => read('HEAD', to, count) },
  { name: 'DELETE, 16 connections', ...small16, before: creation, steps: removal },
  ...[1, 4].flatMap((connections): Workload[] => [
    {
      name: `PUT 64 MiB, ${connections} at a time`,
      ...{ ...bulk, connections },
      steps: (to, count, round) => times(count, (index) => put(to, made(round, index), large)),
    },
    {
      name: `multipart 64 MiB, ${connections} at a time`,
      ...{ ...bulk, connections },
      steps: (to, count, round) => times(count, (index) => multipart(to, made(round, index))),
    },
  ]),
  {
    name: 'GET 64 MiB',
    ...{ ...bulk, connections: 1 },
    tidy: () => [],
    steps: (to, count) =>
      times(count, () =>
        request(build(to, { method: 'GET', path: `/${bucket}/large`, expects: 200 }), large.bytes.length),
      ),
  },
  { name: 'LIST page of 1,000', ...page, steps: (to, count) => listing(`/${flat.bucket}`, inFlat, to, count) },
  {
    name: 'LIST with delimiter, 100 prefixes',
    ...page,
    steps: (to, count) => listing(`/${tree.bucket}`, () => 'delimiter=%2F&list-type=2', to, count),
  },
]
