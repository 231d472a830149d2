import { beforeAll, describe, expect, it } from 'vitest'
import { servedS3 } from '../service.test.support.ts'

const tag = (key: string, value = '') => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`
const tagging = (...tags: string[]) => `<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`
const numbered = (count: number) => Array.from({ length: count }, (_, i) => tag(`key ${i}`))

describe.each(['eucalyptus', 'aws'] as const)('in %s', (fidelity) => {
  const { call } = servedS3(fidelity)
  beforeAll(() => call('PUT /mine'))

  it('replaces the tags that there were', async () => {
    expect(await call('PUT /mine?tagging', { body: tagging(...numbered(50)) })).toMatchObject({ status: 204, text: '' })
    expect(await call('PUT /mine?tagging', { body: tagging(tag('b', '2'), tag('a', '1')) })).toMatchObject({
      status: 204,
    })
    const reply = await call('GET /mine?tagging')
    expect([reply.all('Key'), reply.all('Value')]).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ])
  })

  it('takes no tags as each cloud does', async () => {
    const reply = await call('PUT /mine?tagging', { body: tagging() })
    expect(reply.status).toBe(fidelity === 'aws' ? 204 : 400)
  })

  it.each([
    ['another document', '<CORSConfiguration/>', 'MalformedXML'],
    ['no set', '<Tagging/>', 'MalformedXML'],
    ['a tag without a value', tagging('<Tag><Key>a</Key></Tag>'), 'MalformedXML'],
    ['51 tags', tagging(...numbered(51)), fidelity === 'aws' ? 'InvalidTag' : 'MalformedXML'],
    ['a key twice', tagging(tag('a'), tag('a')), 'InvalidTag'],
    ['an empty key', tagging(tag('')), 'InvalidTag'],
    ['a key of 129 characters', tagging(tag('k'.repeat(129))), 'InvalidTag'],
    ['a value of 257 characters', tagging(tag('k', 'v'.repeat(257))), 'InvalidTag'],
    ['a key of the system', tagging(tag('aws:x')), 'InvalidTag'],
    ['a character that tags do not have', tagging(tag('a', '&lt;')), 'InvalidTag'],
  ])('refuses %s', async (_, body, code) => {
    const reply = await call('PUT /mine?tagging', { body })
    expect([reply.status, reply.all('Code')]).toEqual([400, [code]])
  })

  it('counts characters, not bytes', async () => {
    const body = tagging(tag('ä'.repeat(128), '漢'.repeat(256)))
    expect(await call('PUT /mine?tagging', { body })).toMatchObject({ status: 204 })
  })

  it("is the owner's", async () => {
    expect(await call('PUT /mine?tagging', { as: 'bob', body: tagging(tag('a')) })).toMatchObject({ status: 403 })
  })
})
