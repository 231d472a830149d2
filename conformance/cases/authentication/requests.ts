import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.2 and 1.3; EC2 API Reference, Common client error codes'

export default [
  defineCase({
    id: 'authentication/unknown-action',
    title: 'an action that does not exist is refused with 400, never 500, which clients would repeat',
    level: 'MUST',
    covers: [],
    needs: [],
    source: `${source}; clients.md quirk 10`,
    seconds: 1,
    async run(tools) {
      const expected = { eucalyptus: refusal('400 Bad Request', 400), aws: refusal('InvalidAction', 400) }
      await tools.refuses(tools.administrator.ec2.call('MakeCoffee'), expected)
    },
  }),
  defineCase({
    id: 'authentication/unknown-parameter',
    title: 'a parameter that the action does not have is refused, and named',
    level: 'MUST',
    covers: ['DescribeImages', 'DescribeKeyPairs'],
    needs: [],
    source,
    seconds: 1,
    async run(tools) {
      const expected = {
        eucalyptus: refusal('400 Bad Request', 400, /Colour/),
        aws: refusal('UnknownParameter', 400, /Colour/),
      }
      const { ec2 } = tools.administrator
      await tools.refuses(ec2.call('DescribeImages', { Colour: 'blue' }), expected)
      await tools.refuses(ec2.call('DescribeKeyPairs', { Filter: [{ Name: 'key-name', Colour: 'blue' }] }), expected)
    },
  }),
  defineCase({
    id: 'authentication/caller-identity',
    title: 'the token service tells each account its own number',
    level: 'MUST',
    covers: ['GetCallerIdentity'],
    needs: ['two-accounts'],
    source: 'AWS Security Token Service API Reference, GetCallerIdentity',
    seconds: 1,
    smoke: true,
    async run({ administrator, user }) {
      for (const { sts, account } of [administrator, user]) {
        const answer = await sts.call('GetCallerIdentity')
        assert.equal(text(answer, 'GetCallerIdentityResult', 'Account'), account.accountId)
      }
    },
  }),
]
