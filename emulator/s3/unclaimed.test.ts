import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { subResources } from '../../src/protocol/rest.ts'
import type { S3Operation } from './operation.ts'
import { type Reply, servedS3 } from './service.test.support.ts'
import { standIns } from './unclaimed.ts'

const clouds = { eucalyptus: servedS3('eucalyptus'), aws: servedS3('aws', 'us-east-1') }
beforeAll(async () => {
  for (const { call } of Object.values(clouds)) {
    await call('PUT /mine')
    await call('PUT /mine/key', { body: 'x' })
  }
})

/** What the docs say of an answer: its fault, or that it is an empty document. */
const told = (reply: Reply) => (reply.status === 200 ? 'empty' : `${reply.status} ${reply.all('Code')[0]}`)

const requestOf = ({ route: { method, of, sub } }: S3Operation) =>
  `${method} ${{ service: '/', bucket: '/mine', object: '/mine/key' }[of]}${sub === undefined ? '' : `?${sub}`}`

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`

describe.each(Object.entries(clouds))('in %s', (cloud, { call, s3 }) => {
  it('stand-ins answer where no operation does', () => {
    const claimed = new Set([...s3().service.operations.values()].map(requestOf))
    expect(standIns.map(requestOf).filter((request) => claimed.has(request))).toEqual([])
  })

  const known = standIns.filter(({ fidelity = cloud }) => fidelity === cloud)
  it.each(known.map((one) => [one.name, requestOf(one)]))("%s is the owner's", async (_name, request) => {
    expect(await call(request, { as: 'bob' })).toMatchObject({ status: 403 })
    expect((await call(request.replace('mine', 'none'))).all('Code')).toEqual(['NoSuchBucket'])
  })

  it.each(['POST /mine?cors', 'PATCH /mine', 'DELETE /mine/key?acl', 'POST /', 'DELETE /mine?logging'])(
    '%s is no method for that',
    async (request) => {
      const reply = await call(request)
      expect([reply.status, reply.all('Code')]).toEqual([405, ['MethodNotAllowed']])
    },
  )
})

it('docs/object-storage.md says what is there and what is answered to the rest', async () => {
  const { eucalyptus, aws } = clouds
  const answers = async (request: string) =>
    Promise.all([eucalyptus, aws].map(async ({ call }) => told(await call(request))))
  const there = [...aws.s3().service.operations.values()].map(async (one) => {
    const missing = one.fidelity === 'aws' ? told(await eucalyptus.call(requestOf(one))) : 'yes'
    return row(one.name, `\`${requestOf(one)}\``, missing, 'yes')
  })
  const absent = standIns.map(async (one) => row(one.name, `\`${requestOf(one)}\``, ...(await answers(requestOf(one)))))
  const ofObjects = subResources.object.filter((sub) => !/^(?:upload|acl|attributes|tagging)/.test(sub))
  const unmapped = ofObjects.map(async (sub) =>
    row('', `\`PUT /mine/key?${sub}\``, ...(await answers(`PUT /mine/key?${sub}`))),
  )
  const head = [row('Operation', 'Request', '`eucalyptus`', '`aws`'), row('---', '---', '---', '---')]
  const tables = await Promise.all([Promise.all(there), Promise.all([...absent, ...unmapped])])
  const [ofThere, ofAbsent] = tables.map((rows) => `${[...head, ...rows.sort()].join('\n')}\n`)
  const docs = fileURLToPath(new URL('../../docs/object-storage.md', import.meta.url))
  const [before, between, behind, ...more] = (await readFile(docs, 'utf8')).split(/(?:^\|.*\n)+/m)
  expect(more).toEqual([])
  // `vitest -u` writes the tables anew.
  await expect([before, ofThere, between, ofAbsent, behind].join('')).toMatchFileSnapshot(docs)
})
