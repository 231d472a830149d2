import type { Parameters } from '../../../src/client/ec2.ts'
import { defineCase } from '../../case.ts'
import { consoleOf } from '../../guest.ts'
import { registerRandomImage } from '../../images.ts'
import { runInstance } from '../../instances.ts'
import { type ByFidelity, type Refusal, refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.5 and 5.2; EC2 API Reference'

/** What Eucalyptus answers with InternalFailure and its sentence. */
const failure = (message: RegExp, aws: Refusal): ByFidelity<Refusal> => ({
  eucalyptus: refusal('InternalFailure', 500, message),
  aws,
})
const invalidValue = refusal('InvalidParameterValue', 400)

const launches: readonly [Parameters, Refusal | ByFidelity<Refusal>][] = [
  [{ InstanceType: 'm0.none' }, failure(/Instance type does not exist/, invalidValue)],
  [{ Placement: { AvailabilityZone: 'nowhere' } }, failure(/Not enough resources/, invalidValue)],
  [{ KeyName: 'a key that nobody has' }, refusal('InvalidKeyPair.NotFound', 400)],
  [{ SecurityGroup: ['a group that nobody has'] }, refusal('InvalidGroup.NotFound', 400)],
  [{ MinCount: 2, MaxCount: 1 }, failure(/must not be smaller/, refusal('InvalidParameterCombination', 400))],
  [{ UserData: Buffer.alloc(16_385).toString('base64') }, refusal('InvalidParameterValue', 400, /16 KB/)],
]

export default [
  defineCase({
    id: 'instances/launch-is-refused',
    title: 'a launch with an unknown type, zone, key pair or group, or with impossible numbers, is refused',
    level: 'MUST',
    covers: ['RunInstances'],
    needs: ['s3', 'images', 'instance-store'],
    source,
    seconds: 2,
    async run(tools) {
      const ImageId = await registerRandomImage(tools)
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
    needs: ['instance-store'],
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
