import type { Caller } from '../../../src/protocol/operation.ts'
import type { Cloud } from '../../cloud.ts'
import type { InstanceType } from '../../state/settings.ts'
import type { Draft } from '../../state/store.ts'
import { freeAddresses } from '../address/address.ts'
import { fault } from '../faults.ts'
import { findGroup } from '../group/group.ts'
import { findImage, type ImageRecord, mayUse } from '../image/image.ts'
import { keyPairId } from '../keypair/keypair.ts'
import { operation } from '../operation.ts'
import { tagsOf } from '../tag/tags.ts'
import { checkVolumeSizes } from '../volume/limits.ts'
import { room } from './capacity.ts'
import { type CheckedLaunch, createInstances } from './create-instances.ts'
import { earlierLaunch } from './idempotency.ts'
import { rootDiskBytes } from './instance.ts'
import { reservations } from './instance-view.ts'
import { launchDisks } from './launch-disks.ts'
import { launchProfile } from './launch-profile.ts'
import { type LaunchRequest, launchInput } from './launch-request.ts'
import { tagLaunch } from './launch-tags.ts'
import { loadable } from './loadable.ts'
import { metadataOptions } from './metadata-options.ts'
import { shutdownBehavior } from './shutdown-behavior.ts'
import { longestUserData, userDataBytes } from './user-data.ts'

/** Source: eucalyptus-behaviour.md section 5.2. Checks come in the order of its VmControl and VerifyMetadata. */
export default operation('RunInstances', {
  input: launchInput,
  async run(cloud, request, { caller }) {
    const made = await cloud.store.change((draft) => {
      const earlier = earlierLaunch(cloud, draft, request, caller)
      if (earlier.length) return { instances: earlier, fresh: false }
      const checked = check(cloud, draft, request, caller)
      const count = countOf(cloud, draft, request, checked.type)
      const sizes = checked.disks.volumes.map(({ size }) => size)
      checkVolumeSizes(cloud, draft, Array.from({ length: count }, () => sizes).flat())
      const instances = createInstances(cloud, draft, request, caller, checked, count)
      tagLaunch(cloud, draft, request, caller, instances)
      return { instances, fresh: true }
    })
    if (made.fresh) for (const { id } of made.instances) cloud.machines.launch(id)
    return reservations(cloud, made.instances, tagsOf(cloud, caller))[0] ?? {}
  },
})

function check(cloud: Cloud, draft: Draft, request: LaunchRequest, caller: Caller): CheckedLaunch {
  const { settings } = cloud
  const name = request.InstanceType ?? settings.defaultInstanceType
  const type = settings.instanceTypes.find((one) => one.name === name)
  if (!type) throw fault('instanceTypeUnknown', name)
  const zone = request.Placement?.AvailabilityZone
  if (zone !== undefined && zone !== settings.zone) throw fault('zoneUnavailable', zone)
  checkUserData(request.UserData)
  const image = usable(cloud, request.ImageId, caller)
  const disks = launchDisks(cloud, draft, image, type, request.BlockDeviceMapping, caller)
  if (request.KeyName !== undefined && !cloud.keyPairs.get(keyPairId(caller.accountId, request.KeyName))) {
    throw fault('keyPairNotFound', request.KeyName)
  }
  const named = [
    ...request.SecurityGroup.map((GroupName) => ({ GroupName })),
    ...request.SecurityGroupId.map((GroupId) => ({ GroupId })),
  ]
  const groups = (named.length ? named : [{ GroupName: 'default' }]).map((one) => findGroup(cloud, draft, one, caller))
  if (!image.mappings && image.size > rootDiskBytes(type)) {
    throw fault('imageExceedsType', image.id, String(image.size), type.name, String(type.disk))
  }
  // A kernel given for an HVM image is ignored in silence; for a paravirtual one it wins over the image's.
  const paravirtual = image.virtualization === 'paravirtual'
  const boots = (kind: 'kernel' | 'ramdisk', id: string | undefined) =>
    paravirtual && id !== undefined ? theLoadable(cloud, kind, id, caller) : undefined
  const kernelId = boots('kernel', request.KernelId ?? image.kernelId)
  if (paravirtual && !kernelId) throw fault('kernelMissing')
  const ramdiskId = boots('ramdisk', request.RamdiskId ?? image.ramdiskId)
  return {
    ...{ image, type, kernelId, ramdiskId, disks },
    groupIds: [...new Set(groups.map(({ id }) => id))],
    shutdownBehavior: shutdownBehavior(
      settings.fidelity,
      request.InstanceInitiatedShutdownBehavior,
      image.mappings ? 'ebs' : 'instance-store',
    ),
    instanceProfile: request.IamInstanceProfile && launchProfile(cloud, draft, request.IamInstanceProfile, caller),
    metadataOptions: request.MetadataOptions && metadataOptions(settings.fidelity, request.MetadataOptions),
  }
}

/** 16 KiB at most (section 5.2); what is not base64 is refused rather than dropped in silence. */
function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return
  const bytes = userDataBytes(userData)
  if (bytes === undefined) throw fault('userDataMalformed')
  if (bytes > longestUserData) throw fault('userDataTooLong')
}

function theLoadable(cloud: Cloud, kind: 'kernel' | 'ramdisk', id: string, caller: Caller): string {
  const found = loadable(cloud, kind, id, caller)
  if (found === undefined) throw fault('kernelLookup', id)
  return found
}

function usable(cloud: Cloud, id: string, caller: Caller): ImageRecord {
  const image = findImage(cloud.images, id)
  if (image?.kind !== 'machine' || image.state !== 'available') throw fault('imageLookup', id)
  if (!mayUse(image, caller)) throw fault('imageDenied', id)
  return image
}

function countOf(cloud: Cloud, draft: Draft, { MinCount, MaxCount }: LaunchRequest, type: InstanceType): number {
  if (MinCount < 1) throw fault('invalidParameterValue', String(MinCount), 'MinCount')
  if (MaxCount < MinCount) throw fault('countInverted')
  // Each of them has a public address of its own.
  const free = Math.min(room(cloud, cloud.instances.in(draft).list(), type), freeAddresses(cloud, draft))
  if (free < MinCount) throw fault('capacity', String(free), cloud.settings.zone, String(MinCount))
  return Math.min(MaxCount, free)
}
