import { Fault } from '../../../src/protocol/faults.ts'
import type { Caller } from '../../../src/protocol/operation.ts'
import { flag, list, optional, type Shape, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import type { Draft } from '../../state/store.ts'
import { fault } from '../faults.ts'
import { findGroup } from '../group/group.ts'
import { keyPairId } from '../keypair/keypair.ts'
import { operation } from '../operation.ts'
import { type ConversionLaunch, keepConversion } from './conversion.ts'
import { startConversion } from './conversion-job.ts'
import { conversionView } from './conversion-view.ts'
import { checkedDisk, diskImage, diskVolume, importZone } from './import-request.ts'

const enabled = struct({ Enabled: optional(flag) })

/** `Monitoring.Enabled` of Eucalyptus' clients, `Monitoring` of AWS'. */
const monitoring: Shape<boolean> = {
  read: (sent, name) =>
    typeof sent === 'string' ? flag.read(sent, name) : (enabled.read(sent, name).Enabled ?? false),
  missing: () => false,
}

const launchSpecification = struct({
  Architecture: optional(text),
  InstanceType: optional(text),
  KeyName: optional(text),
  GroupName: list(text),
  GroupId: list(text),
  Placement: optional(struct({ AvailabilityZone: optional(text) })),
  UserData: optional(struct({ Data: optional(text) })),
  Monitoring: monitoring,
  SubnetId: optional(text),
  PrivateIpAddress: optional(text),
  InstanceInitiatedShutdownBehavior: optional(text),
})

type LaunchSpecification = Values<{ launch: typeof launchSpecification }>['launch']

/**
 * Makes a task that imports disk files into new volumes, makes an image of the first and launches it
 * (eucalyptus-behaviour.md section 4.2).
 */
export default operation('ImportInstance', {
  input: {
    Description: optional(text),
    Platform: optional(text),
    LaunchSpecification: optional(launchSpecification),
    DiskImage: list(struct({ Image: diskImage, Volume: diskVolume, Description: optional(text) })),
  },
  async run(cloud, { Description, Platform, LaunchSpecification, DiskImage }, { caller }) {
    const task = await cloud.store.change((draft) => {
      if (!Platform) throw fault('importMissing', 'Platform')
      if (!LaunchSpecification) throw fault('importMissing', 'LaunchSpecification')
      const launch = checkedLaunch(cloud, draft, LaunchSpecification, Platform, caller)
      const zone = importZone(cloud, LaunchSpecification.Placement?.AvailabilityZone ?? cloud.settings.zone)
      if (!DiskImage.length) throw fault('importMissing', 'DiskImage')
      const disks = DiskImage.map((one) => ({
        ...checkedDisk(cloud, draft, one.Image, one.Volume),
        ...(one.Description !== undefined && { description: one.Description }),
      }))
      const type = cloud.settings.instanceTypes.find(({ name }) => name === launch.instanceType)
      const tooLarge = disks.find(({ volumeSize }) => volumeSize > (type?.disk ?? 0))
      if (tooLarge) {
        const sizes = `${tooLarge.volumeSize} GiB is larger than the ${type?.disk} GiB of ${launch.instanceType}`
        throw fault('importInvalid', `The volume of ${sizes}`)
      }
      const described = Description === undefined ? {} : { description: Description }
      return keepConversion(cloud, draft, caller, { zone, disks, launch, ...described })
    })
    startConversion(cloud, task.id)
    return { conversionTask: conversionView(cloud, task) }
  },
})

/** What is to be launched, as far as the request can be checked (ImagingTasks.java). Throws the faults. */
function checkedLaunch(
  cloud: Cloud,
  draft: Draft,
  asked: LaunchSpecification,
  platform: string,
  caller: Caller,
): ConversionLaunch {
  const { Architecture: architecture, InstanceType: instanceType, KeyName: keyName, UserData } = asked
  const refuse = (sentence: string) => fault('importInvalid', sentence)
  if (!/^(?:windows|linux)$/i.test(platform)) throw refuse(`Unknown platform: ${platform}`)
  if (!architecture) throw fault('importMissing', 'LaunchSpecification.Architecture')
  if (!['i386', 'x86_64'].includes(architecture)) throw refuse(`Unknown architecture: ${architecture}`)
  if (!instanceType) throw fault('importMissing', 'LaunchSpecification.InstanceType')
  if (!cloud.settings.instanceTypes.some(({ name }) => name === instanceType)) {
    throw refuse(`Unknown instance type: ${instanceType}`)
  }
  if (keyName !== undefined && !cloud.keyPairs.get(keyPairId(caller.accountId, keyName))) {
    throw refuse(`The key pair ${keyName} does not exist`)
  }
  // There are no subnets here.
  if (asked.SubnetId !== undefined) throw refuse(`The subnet ${asked.SubnetId} does not exist`)
  if (asked.PrivateIpAddress !== undefined) throw refuse('A private address can be given in a subnet only')
  checkGroups(cloud, draft, asked, caller)
  return {
    ...{ platform, architecture, instanceType, groupNames: asked.GroupName, groupIds: asked.GroupId },
    ...(keyName !== undefined && { keyName }),
    ...(UserData?.Data !== undefined && { userData: UserData.Data }),
    monitoring: asked.Monitoring,
    ...(asked.InstanceInitiatedShutdownBehavior !== undefined && {
      shutdownBehavior: asked.InstanceInitiatedShutdownBehavior,
    }),
  }
}

/** Eucalyptus' imaging service has its own words for groups that are not there. */
function checkGroups(cloud: Cloud, draft: Draft, { GroupName, GroupId }: LaunchSpecification, caller: Caller): void {
  const named = [...GroupName.map((name) => ({ GroupName: name })), ...GroupId.map((id) => ({ GroupId: id }))]
  try {
    for (const one of named) findGroup(cloud, draft, one, caller)
  } catch (cause) {
    if (!(cause instanceof Fault) || cloud.settings.fidelity === 'aws') throw cause
    throw fault('importInvalid', cause.message)
  }
}
