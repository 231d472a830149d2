import type { RawOptions } from '../../../src/client/ec2.ts'
import { type Case, defineCase } from '../../case.ts'
import { answered, type Clients } from '../../clients.ts'
import { refusal } from '../../refusal.ts'

const hour = 3_600_000

/** The wrong ways, by what Eucalyptus and AWS answer to them. */
const wrong: readonly [words: string, options: RawOptions, eucalyptus: string, aws: string, status: number][] = [
  ['wrong secret', { secretAccessKey: 'wrong' }, '403 Forbidden', 'SignatureDoesNotMatch', 403],
  ['unknown key', { accessKeyId: 'AKIANOBODYHASTHISKEY' }, '403 Forbidden', 'InvalidClientTokenId', 403],
  ['no signature', { sign: 'none' }, '403 Forbidden', 'MissingAuthenticationToken', 403],
]

/** The cases of a service: it takes good signatures, and refuses wrong ones in either way of signing. */
function ofService(
  service: 'iam' | 'sts',
  action: string,
  needs: Case['needs'],
  client: (clients: Clients) => Clients['sts'],
): Case[] {
  const source =
    'eucalyptus-behaviour.md sections 1.2 and 1.3 (pre-dispatch errors); IAM and STS API Reference, Common errors'
  const base = { level: 'MUST', covers: [action], needs, source, seconds: 1 } as const
  const ask = (clients: Clients, options: RawOptions) => answered(client(clients).rawRequest(action, {}, options))
  return [
    defineCase({
      ...base,
      id: `authentication/${service}-refuses-wrong-signatures`,
      title: `${service.toUpperCase()} refuses a wrong secret, a key that nobody has, an old date and no signature`,
      async run(tools) {
        for (const [, options, eucalyptus, aws, status] of wrong) {
          const expected = { eucalyptus: refusal(eucalyptus, 403), aws: refusal(aws, status) }
          await tools.refuses(ask(tools.administrator, options), expected)
        }
        // AWS documents RequestExpired, and answers SignatureDoesNotMatch: "Signature expired".
        const late = { time: new Date(Date.now() - hour) }
        const tooLate = { eucalyptus: refusal('403 Forbidden', 403), aws: refusal('SignatureDoesNotMatch', 403) }
        await tools.refuses(ask(tools.administrator, late), tooLate)
        // The signature of a good request does not fit another one.
        const mutate: RawOptions['mutate'] = (request) => ({ ...request, body: `${request.body}&Colour=blue` })
        const expected = { eucalyptus: refusal('403 Forbidden', 403), aws: refusal('SignatureDoesNotMatch', 403) }
        await tools.refuses(ask(tools.administrator, { mutate }), expected)
      },
    }),
    defineCase({
      ...base,
      id: `authentication/${service}-unknown-action`,
      title: `an action that ${service.toUpperCase()} does not have is refused with 400`,
      covers: [],
      async run(tools) {
        const expected = { eucalyptus: refusal('400 Bad Request', 400), aws: refusal('InvalidAction', 400) }
        await tools.refuses(client(tools.administrator).call('MakeCoffee'), expected)
        await answered(client(tools.administrator).rawRequest(action, {}, { sign: 'v4-query' }))
      },
    }),
  ]
}

export default [
  ...ofService('iam', 'GetUser', ['iam'], ({ iam }) => iam),
  ...ofService('sts', 'GetCallerIdentity', [], ({ sts }) => sts),
]
