import { randomBytes, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fsck } from '../emulator/fsck.ts'
import { type S3Request, type S3Target, s3Request } from './client/s3.ts'
import { bytesOf, type Content, type KeyModel, newKey, settle } from './kills-model.contract.ts'
import { type Program, startProgram } from './program.contract.ts'

/** What a run of kills has seen. */
export interface Kills {
  /** Acknowledged writes. */
  readonly writes: number
  /** What was lost, half there or left over: a sentence each. */
  readonly breaches: readonly string[]
  /** Milliseconds of each start after a kill, until the program says that it is ready. */
  readonly starts: readonly number[]
}

const [writers, keysEach] = [8, 3]
/** All of them are read after each kill: what is kept longer would make each kill slower than the one before. */
const mostVersions = 12
/** Without versions, and with them. */
const buckets = ['plain', 'versioned'] as const
const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'

/** A connection that broke: the program was killed before it answered. */
class Unanswered extends Error {}

type Ask = (method: string, path: string, also?: Partial<S3Request>) => ReturnType<typeof s3Request>

const asker =
  (target: S3Target): Ask =>
  async (method, path, also = {}) => {
    const answer = await s3Request(target, { method, path, ...also }).catch((cause) => {
      throw new Unanswered('no answer', { cause })
    })
    if (answer.status >= 300 && answer.status !== 404)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return answer
  }

const tag = (name: string, body: Buffer) => new RegExp(`<${name}>(.*?)</${name}>`).exec(body.toString())?.[1] ?? ''
const newContent = (size: number): Content => ({ token: randomBytes(6).toString('hex'), size })

/** Asks for a change of a key, and notes it as acknowledged when that is answered. */
async function change(model: KeyModel, content: Content | undefined, ask: () => ReturnType<Ask>): Promise<void> {
  model.pending = { content }
  const { headers } = await ask()
  model.acknowledged = content
  model.pending = undefined
  const version = headers['x-amz-version-id']
  if (version !== undefined && content) model.versions.set(version, content)
}

const smallestPart = 5 * 2 ** 20

async function upload(ask: Ask, model: KeyModel, path: string): Promise<void> {
  const content = newContent(randomInt(10) === 0 ? smallestPart + randomInt(100_000) : randomInt(1, 150_000))
  const begun = await ask('POST', path, { query: 'uploads' })
  const uploadId = tag('UploadId', begun.body)
  const bytes = bytesOf(content)
  const cuts = bytes.length > smallestPart ? [bytes.subarray(0, smallestPart), bytes.subarray(smallestPart)] : [bytes]
  const parts: string[] = []
  for (const [index, body] of cuts.entries()) {
    const { headers } = await ask('PUT', path, { query: `partNumber=${index + 1}&uploadId=${uploadId}`, body })
    parts.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${headers['etag']}</ETag></Part>`)
  }
  const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
  await change(model, content, () => ask('POST', path, { query: `uploadId=${uploadId}`, body }))
}

/** One random change of one of a writer's keys. */
async function write(ask: Ask, models: readonly KeyModel[]): Promise<void> {
  const model = models[randomInt(models.length)] as KeyModel
  const path = `/${model.bucket}/${model.key}`
  const put = (size: number) => {
    const content = newContent(size)
    return change(model, content, () => ask('PUT', path, { body: bytesOf(content) }))
  }
  if (model.versions.size > mostVersions) return removeVersion(ask, model, path)
  switch (randomInt(6)) {
    case 0:
      return put(randomInt(1, 3000))
    case 1:
      return put(randomInt(70_000, 300_000))
    case 2:
      return upload(ask, model, path)
    case 3: {
      const source = models.find((one) => one !== model && one.acknowledged)
      if (!source) return put(0)
      const headers = { 'x-amz-copy-source': `/${source.bucket}/${source.key}` }
      return change(model, source.acknowledged, () => ask('PUT', path, { headers }))
    }
    case 4:
      return change(model, undefined, () => ask('DELETE', path))
    default:
      return removeVersion(ask, model, path)
  }
}

/** Removes a version that is not the newest. */
async function removeVersion(ask: Ask, model: KeyModel, path: string): Promise<void> {
  const [versionId] = [...model.versions.keys()].slice(0, -1)
  if (versionId === undefined) return
  model.removing.add(versionId)
  await ask('DELETE', path, { query: `versionId=${versionId}` })
  model.versions.delete(versionId)
  model.removing.delete(versionId)
}

/** Compares what is there with what was acknowledged, and ends the uploads that nobody will complete. */
async function check(ask: Ask, models: readonly KeyModel[]): Promise<string[]> {
  const breaches: string[] = []
  for (const model of models) {
    const path = `/${model.bucket}/${model.key}`
    const now = await ask('GET', path)
    const breach = settle(model, now.status === 404 ? undefined : now.body)
    if (breach) breaches.push(breach)
    for (const [versionId, content] of model.versions) {
      const { status, body } = await ask('GET', path, { query: `versionId=${versionId}` })
      if (status === 404 && model.removing.has(versionId)) model.versions.delete(versionId)
      else if (!body.equals(bytesOf(content))) breaches.push(`${path} has lost the version ${versionId}`)
    }
    model.removing.clear()
  }
  for (const bucket of buckets) {
    const { body } = await ask('GET', `/${bucket}`, { query: 'uploads' })
    for (const [, key, id] of body.toString().matchAll(/<Upload>.*?<Key>(.*?)<\/Key>.*?<UploadId>(.*?)<\/UploadId>/gs))
      await ask('DELETE', `/${bucket}/${key}`, { query: `uploadId=${id}` })
  }
  return breaches
}

async function connect(data: string, { url }: Program): Promise<Ask> {
  const { accessKeyId, secretAccessKey } = JSON.parse(await readFile(join(data, 'credentials.json'), 'utf8'))
  return asker({ accessKeyId, secretAccessKey, region: 'us-east-1', endpoint: url })
}

const start = (data: string) => startProgram(data, '--services', 's3', '--fidelity', 'aws')

/** Has the writers write until the program is killed. Resolves with the number of acknowledged writes. */
async function writeUntilKilled(program: Program, ask: Ask, models: readonly (readonly KeyModel[])[]): Promise<number> {
  let writes = 0
  // After some writes rather than some time, so that a slow machine sees as much; and then in the middle of the next.
  const enough = randomInt(1, 60)
  let reach = () => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const writing = models.map(async (own) => {
    try {
      for (;;) {
        await write(ask, own)
        writes += 1
        if (writes === enough) reach()
      }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
    }
  })
  await Promise.race([reached, Promise.all(writing)])
  await pause(randomInt(30))
  program.signal('SIGKILL')
  await program.exited
  await Promise.all(writing)
  return writes
}

/** What is not in order in the store of a program that does not run. */
async function examine(data: string, isClosed: boolean): Promise<string[]> {
  const { damage, leftovers } = await fsck({ data, repair: false })
  const left = isClosed && leftovers ? [`${leftovers} files are left over`] : []
  return [...damage.map(({ kind, what, detail }) => `${kind} ${what}: ${detail}`), ...left]
}

/**
 * Kills the program (SIGKILL) that many times at random moments while eight writers put, copy, delete, upload in parts and
 * remove versions, and sees after each that nothing that was acknowledged is lost and nothing half done can be seen.
 * `seen` is told after each kill.
 */
export async function kill(data: string, times: number, seen: (soFar: Kills) => void = () => {}): Promise<Kills> {
  const models = Array.from({ length: writers }, (_, writer) =>
    buckets.flatMap((bucket) => Array.from({ length: keysEach }, (_, key) => newKey(bucket, `w${writer}/k${key}`))),
  )
  const breaches: string[] = []
  const starts: number[] = []
  let writes = 0
  let program = await start(data)
  let ask = await connect(data, program)
  for (const bucket of buckets) await ask('PUT', `/${bucket}`)
  await ask('PUT', '/versioned', { query: 'versioning', body: enabled })
  for (let time = 0; time < times && !breaches.length; time += 1) {
    writes += await writeUntilKilled(program, ask, models)
    breaches.push(...(await examine(data, false)))
    const begin = performance.now()
    program = await start(data)
    starts.push(performance.now() - begin)
    ask = await connect(data, program)
    breaches.push(...(await check(ask, models.flat())))
    seen({ writes, breaches, starts })
  }
  program.signal('SIGTERM')
  await program.exited
  breaches.push(...(await examine(data, true)))
  return { writes, breaches, starts }
}
