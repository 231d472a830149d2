import type { Parameters } from '../../../src/client/ec2.ts'
import { defineCase } from '../../case.ts'
import { registerBlankSnapshot } from '../../ebs-instances.ts'
import { consoleOf } from '../../guest.ts'
import { runInstance } from '../../instances.ts'
import { type ByFidelity, type Refusals, refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.5 and 5.2; EC2 API Reference'

/** What Eucalyptus answers with InternalFailure and its sentence. */
const failure = (message: RegExp, aws: Refusals): ByFidelity<Refusals> => ({
  eucalyptus: refusal('InternalFailure', 500, message),
  aws,
})
const invalidValue = refusal('InvalidParameterValue', 400)

const launches: readonly [Parameters, Refusals | ByFidelity<Refusals>][] = [
  [{ InstanceType: 'm0.none' }, failure(/Instance type does not exist/, invalidValue)],
  [{ Placement: { AvailabilityZone: 'nowhere' } }, failure(/Not enough resources/, invalidValue)],
  [{ KeyName: 'a key that nobody has' }, refusal('InvalidKeyPair.NotFound', 400)],
  [{ SecurityGroup: ['a group that nobody has'] }, refusal('InvalidGroup.NotFound', 400)],
  [
    { MinCount: 2, MaxCount: 1 },
    failure(/must not be smaller/, [refusal('InvalidParameterCombination', 400), invalidValue]),
  ],
  [
    { UserData: Buffer.alloc(16_385).toString('base64') },
    { eucalyptus: refusal('InvalidParameterValue', 400, /16 KB/), aws: invalidValue },
  ],
]

export default [
  defineCase({
    id: 'instances/launch-is-refused',
    title: 'a launch with an unknown type, zone, key pair or group, or with impossible numbers, is refused',
    level: 'MUST',
    covers: ['RunInstances'],
    needs: ['ebs'],
    source,
    seconds: 6,
    async run(tools) {
      const { ImageId } = await registerBlankSnapshot(tools)
      for (const [parameters, expected] of launches) {
        await tools.refuses(runInstance(tools, { ImageId, ...parameters }), expected)
      }
    },
  }),
  defineCase({
    id: 'instances/ids-that-name-no-instance',
    title: 'ids that are malformed, or of no instance, are refused',
    level: 'MUST',
    covers: ['DescribeInstances', 'TerminateInstances', 'RebootInstances', 'GetConsoleOutput'],
    // Of what there is to launch from any will do, and this is what all clouds with instances have.
    needs: ['ebs'],
    source: `${source}; section 13 (RebootInstances)`,
    seconds: 1,
    async run(tools) {
      const { ec2 } = tools.administrator
      const notFound = refusal('InvalidInstanceID.NotFound', 400)
      const malformed = refusal('InvalidInstanceID.Malformed', 400)
      for (const action of ['DescribeInstances', 'TerminateInstances']) {
        await tools.refuses(ec2.call(action, { InstanceId: ['i-00000000'] }), notFound)
        await tools.refuses(ec2.call(action, { InstanceId: ['no instance'] }), malformed)
      }
      await tools.refuses(consoleOf(tools.administrator, 'i-00000000'), notFound)
      const reboot = ec2.call('RebootInstances', { InstanceId: ['i-00000000'] })
      await tools.refuses(reboot, failure(/No such instance/, notFound))
    },
  }),
]
