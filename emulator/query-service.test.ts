import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { Fault, type Fidelity } from '../src/protocol/faults.ts'
import { type Caller, type Operation, operation } from '../src/protocol/operation.ts'
import { type Fields, optional, text } from '../src/protocol/shape.ts'
import { bothClouds } from './cloud.harness.ts'
import type { Cloud } from './cloud.ts'
import { queryServices, serveQuery } from './query-service.ts'
import type { Operations } from './surface.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)

const softened = { code: 'InternalFailure', status: 500, message: () => 'the input is bad' }
const busy = { code: 'ServiceUnavailable', status: 503, message: () => 'come again' }
const echo = { Word: optional(text) }
const refusing = (name: string, error: Error) =>
  operation<Cloud, Record<string, never>>(name, { input: {}, run: () => Promise.reject(error) })
const operations: Operations = new Map<string, Operation<Cloud, Fields>>([
  [
    'Echo',
    operation<Cloud, typeof echo>('Echo', {
      input: echo,
      run: async (_, { Word }) => ({ word: Word, letters: [...(Word ?? '')] }),
    }),
  ],
  ['Refuse', refusing('Refuse', new Fault(softened, []))],
  ['Hurry', refusing('Hurry', new Fault(busy, []))],
  ['Break', refusing('Break', new TypeError('a secret of ours'))],
])

interface Asked {
  fidelity?: Fidelity
  name?: string
  soft?: boolean
  as?: Caller
}

async function ask(pairs: [string, string][], { fidelity = 'eucalyptus', name = 'ec2', soft = false, as }: Asked = {}) {
  const { cloud, administrator } = clouds[fidelity as keyof typeof clouds]
  const settings = { ...cloud.settings, faultStatus: soft ? ('4xx' as const) : ('faithful' as const) }
  const service = { ...queryServices[name as keyof typeof queryServices], operations }
  const call = { caller: as ?? administrator, requestId: 'the-request' }
  const { status, contentType, body } = await serveQuery(service, { ...cloud, settings }, pairs, call)
  return { status, contentType, body: body.replace('<?xml version="1.0" encoding="UTF-8"?>\n', '') }
}

describe('the session of a role', () => {
  const asked: string[] = []
  const role = {
    ...{ id: 'AROA', name: 'role', session: 'session' },
    may: (action: string) => {
      asked.push(action)
      return action === 'ec2:Echo'
    },
  }
  const account = '000000000001'
  const as = { accountId: account, administrator: false, accessKeyId: 'AKIA', role }
  const denied = 'UnauthorizedOperation: You are not authorized to perform this operation.'
  const who = `arn:aws:sts::${account}:assumed-role/role/session`

  test('may do what its policies allow', async () => expect((await ask([['Action', 'Echo']], { as })).status).toBe(200))

  test.each([
    ['ec2', 'ec2:Refuse', denied, denied],
    ['empyrean', 'euserv:Refuse', denied, denied],
    [
      'iam',
      'iam:Refuse',
      `NotAuthorized: ${who} is not authorized to perform iam:Refuse`,
      `AccessDenied: User: ${who} is not authorized to perform: iam:Refuse because no identity-based policy allows the iam:Refuse action`,
    ],
    [
      'sts',
      'sts:Refuse',
      `NotAuthorized: ${who} is not authorized to perform sts:Refuse`,
      `AccessDenied: User: ${who} is not authorized to perform: sts:Refuse because no identity-based policy allows the sts:Refuse action`,
    ],
  ])('may do nothing else, %s', async (name, action, inEucalyptus, inAws) => {
    for (const [fidelity, expected] of [
      ['eucalyptus', inEucalyptus],
      ['aws', inAws],
    ] as const) {
      asked.length = 0
      const { status, body } = await ask([['Action', 'Refuse']], { fidelity, name, as })
      const [code = '', message = ''] = expected.split(/: (.*)/s)
      expect([status, asked]).toEqual([403, [action]])
      expect(body).toContain(`<Code>${code}</Code><Message>${message}</Message>`)
    }
  })
})

describe('an answer', () => {
  const ec2 = (version: string, content: string) =>
    `<EchoResponse xmlns="http://ec2.amazonaws.com/doc/${version}/"><requestId>the-request</requestId>${content}</EchoResponse>`
  test.each<[string, [string, string][], string]>([
    ['of the version that is asked for', [['Version', '2015-10-01']], ec2('2015-10-01', '<letters></letters>')],
    ['of the default version', [], ec2('2016-11-15', '<letters></letters>')],
    ['of the default version for one that is none', [['Version', '"><evil']], ec2('2016-11-15', '<letters></letters>')],
    [
      'with what was sent',
      [['Word', 'a<']],
      ec2('2016-11-15', '<word>a&lt;</word><letters><item>a</item><item>&lt;</item></letters>'),
    ],
    [
      'to a client that repeats itself',
      [
        ['Word', 'a'],
        ['Word', 'a'],
        ['Action', 'Echo'],
      ],
      ec2('2016-11-15', '<word>a</word><letters><item>a</item></letters>'),
    ],
    [
      'to a request whose signature lies among the parameters',
      [
        ['AWSAccessKeyId', 'x'],
        ['Signature', 'x'],
        ['SignatureMethod', 'x'],
        ['SignatureVersion', '2'],
        ['Timestamp', 'x'],
        ['Expires', 'x'],
        ['X-Amz-Date', 'x'],
      ],
      ec2('2016-11-15', '<letters></letters>'),
    ],
  ])('%s', async (_title, pairs, body) =>
    expect(await ask([['Action', 'Echo'], ...pairs])).toEqual({
      status: 200,
      contentType: 'text/xml; charset=UTF-8',
      body,
    }),
  )

  test('to Operation, the other name of Action', async () =>
    expect((await ask([['Operation', 'Echo']])).status).toBe(200))

  test('of IAM and STS has the request’s id at its end', async () =>
    expect(
      (
        await ask(
          [
            ['Action', 'Echo'],
            ['Word', 'ab'],
          ],
          { name: 'sts' },
        )
      ).body,
    ).toBe(
      '<EchoResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><word>ab</word><letters><member>a</member><member>b</member></letters>' +
        '<ResponseMetadata><RequestId>the-request</RequestId></ResponseMetadata></EchoResponse>',
    ))
})

describe('a request that is refused before any operation', () => {
  const plain = 'text/plain; charset=UTF-8'
  const xml = 'text/xml; charset=UTF-8'
  const document = (code: string, message: string, id: string) =>
    `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>${id}</RequestID></Response>`
  const early = (message: string) => document('400 Bad Request', message, message)
  const late = (code: string, message: string) => document(code, message, 'the-request')
  test.each<[string, [string, string][], { contentType: string; body: string }, { body: string }]>([
    [
      'an unknown action',
      [['Action', 'Fly&Land']],
      { contentType: plain, body: early('Failed to find binding for action Fly&amp;Land') },
      { body: late('InvalidAction', 'The action Fly&amp;Land is not valid for this web service.') },
    ],
    [
      'no action',
      [],
      { contentType: plain, body: early('Failed to find binding for action ') },
      { body: late('InvalidAction', 'The action  is not valid for this web service.') },
    ],
    [
      'two actions',
      [
        ['Action', 'Echo'],
        ['Action', 'Break'],
      ],
      { contentType: plain, body: early('Failed to bind the following fields:\nAction = given twice') },
      { body: late('InvalidParameterValue', 'Value (given twice) for parameter Action is invalid.') },
    ],
    [
      'an action that the real cloud has',
      [['Action', 'DescribeVpcs']],
      {
        contentType: xml,
        body: late('UnsupportedOperation', 'The operation DescribeVpcs is not supported by this cloud.'),
      },
      { body: late('UnsupportedOperation', 'The operation DescribeVpcs is not supported by this cloud.') },
    ],
    [
      'unknown parameters',
      [
        ['Action', 'Echo'],
        ['Wrod', 'a'],
        ['A.1.B', 'b'],
      ],
      { contentType: plain, body: early('Failed to bind the following fields:\nWrod, A.1.B') },
      { body: late('UnknownParameter', 'The parameter Wrod, A.1.B is not recognized') },
    ],
    [
      'a parameter with two values',
      [
        ['Action', 'Echo'],
        ['Word', 'a'],
        ['Word', 'b'],
      ],
      { contentType: plain, body: early('Failed to bind the following fields:\nWord = given twice') },
      { body: late('InvalidParameterValue', 'Value (given twice) for parameter Word is invalid.') },
    ],
    [
      'the name of what every object has',
      [
        ['Action', 'Echo'],
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ],
      { contentType: plain, body: early('Failed to bind the following fields:\n__proto__, constructor') },
      { body: late('UnknownParameter', 'The parameter __proto__, constructor is not recognized') },
    ],
  ])('%s', async (_title, pairs, inEucalyptus, inAws) => {
    expect(await ask(pairs)).toEqual({ status: 400, ...inEucalyptus })
    expect(await ask(pairs, { fidelity: 'aws' })).toEqual({ status: 400, contentType: xml, ...inAws })
  })

  test('in the dialect of IAM', async () =>
    expect((await ask([['Action', 'CreateUser']], { name: 'iam' })).body).toBe(
      '<ErrorResponse><Error><Type>Sender</Type><Code>UnsupportedOperation</Code><Message>The operation CreateUser is not supported by this cloud.</Message></Error><RequestId>the-request</RequestId></ErrorResponse>',
    ))
})

describe('the status of a fault', () => {
  test.each([
    ['Refuse', false, 500],
    ['Refuse', true, 400],
    ['Hurry', true, 503],
  ])('%s, softened: %s', async (action, soft, status) =>
    expect(await ask([['Action', action]], { soft })).toMatchObject({ status }),
  )
})

describe('an error of our own', () => {
  afterEach(() => vi.restoreAllMocks())
  test.each(['eucalyptus', 'aws'] as const)(
    'is InternalError in %s, also when faults are softened, and is logged',
    async (fidelity) => {
      const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
      const { status, body } = await ask([['Action', 'Break']], { fidelity, soft: true })
      expect(status).toBe(500)
      expect(body).toContain('<Code>InternalError</Code><Message>An internal error has occurred</Message>')
      expect(body).not.toContain('secret')
      expect(logged.mock.calls).toEqual([[expect.objectContaining({ message: 'a secret of ours' })]])
    },
  )
})
