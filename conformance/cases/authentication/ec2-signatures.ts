import assert from 'node:assert/strict'
import type { RawOptions } from '../../../src/client/ec2.ts'
import { list } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { answered } from '../../clients.ts'
import { type ByFidelity, type Refusal, refusal } from '../../refusal.ts'
import { type Form, versions } from '../../signatures.ts'
import type { Tools } from '../../tools.ts'

const hour = 3_600_000
const forbidden = refusal('403 Forbidden', 403)

/** Sends DescribeRegions, wrongly in some way. */
const ask = ({ administrator }: Tools, options: RawOptions) =>
  answered(administrator.ec2.rawRequest('DescribeRegions', { RegionName: ['one'] }, options))

/** The cases of one way to be refused, tried with each form of signature of a version. */
function refused(words: string, title: string, options: (form: Form) => RawOptions, aws: Refusal) {
  const expected: ByFidelity<Refusal> = { eucalyptus: forbidden, aws }
  return versions.map(({ forms, suffix, about, needs }) =>
    defineCase({
      id: `authentication/ec2-${words}${suffix}`,
      title: `${title}${about}`,
      level: 'MUST',
      covers: ['DescribeRegions'],
      needs,
      source:
        'eucalyptus-behaviour.md sections 1.2 and 1.3 (pre-dispatch errors); EC2 API Reference, Common client error codes',
      seconds: 1,
      async run(tools) {
        for (const sign of forms) await tools.refuses(ask(tools, { ...options(sign), sign }), expected)
      },
    }),
  )
}

const authFailure = refusal('AuthFailure', 401)

export default [
  ...versions.map(({ forms, suffix, about, needs }) =>
    defineCase({
      id: `authentication/ec2-signatures-are-taken${suffix}`,
      title: `EC2 takes requests over a form and in a query${about}`,
      level: 'MUST',
      covers: ['DescribeAvailabilityZones'],
      needs,
      source: 'eucalyptus-behaviour.md section 1.2; clients.md quirk 2',
      seconds: 1,
      async run({ administrator, target }) {
        for (const sign of forms) {
          const answer = await answered(administrator.ec2.rawRequest('DescribeAvailabilityZones', {}, { sign }))
          assert.ok(answer.body.toString().includes(target.zone), `${sign} tells no zone`)
        }
      },
    }),
  ),
  defineCase({
    id: 'authentication/ec2-takes-any-region',
    title: 'a signature whose scope names a region that euca2ools has invented is taken',
    level: 'MUST',
    covers: ['DescribeAvailabilityZones'],
    needs: ['any-region'],
    source: 'eucalyptus-behaviour.md section 1.2 and invariant 15 of section 14; clients.md quirk 3',
    seconds: 1,
    async run({ target, clients }) {
      const { ec2 } = clients(target.administrator, { region: 'undefined-4711' })
      assert.ok(list(await ec2.call('DescribeAvailabilityZones'), 'availabilityZoneInfo').length > 0)
    },
  }),
  ...refused(
    'wrong-signature',
    'a signature made with another secret is refused',
    () => ({ secretAccessKey: 'wrong' }),
    authFailure,
  ),
  ...refused(
    'unknown-key',
    'an access key that nobody has is refused',
    () => ({ accessKeyId: 'AKIANOBODYHASTHISKEY' }),
    authFailure,
  ),
  ...refused(
    'expired-date',
    'a request that was signed an hour ago is refused',
    () => ({ time: new Date(Date.now() - hour) }),
    refusal('RequestExpired', 400),
  ),
  ...refused(
    'future-date',
    'a request that will be signed in an hour is refused',
    () => ({ time: new Date(Date.now() + hour) }),
    refusal('RequestExpired', 400),
  ),
  ...refused(
    'tampered-request',
    'a request that was changed after it was signed is refused',
    (form) => ({
      mutate: (request) =>
        form.endsWith('query')
          ? { ...request, rawQuery: request.rawQuery.replace('RegionName.1=one', 'RegionName.1=two') }
          : { ...request, body: String(request.body).replace('RegionName.1=one', 'RegionName.1=two') },
    }),
    authFailure,
  ),
  defineCase({
    id: 'authentication/ec2-unsigned',
    title: 'a request without a signature is refused',
    level: 'MUST',
    covers: ['DescribeRegions'],
    needs: [],
    source: 'eucalyptus-behaviour.md section 1.3 (pre-dispatch errors); EC2 API Reference, Common client error codes',
    seconds: 1,
    run: async (tools) =>
      void (await tools.refuses(ask(tools, { sign: 'none' }), {
        eucalyptus: forbidden,
        aws: refusal('MissingAuthenticationToken', 403),
      })),
  }),
]
