import type { Cloud } from '../cloud.ts'
import { findImage } from '../ec2/image/image.ts'
import { volumesOf } from '../ec2/instance/instance-view.ts'
import { keyPairId } from '../ec2/keypair/keypair.ts'
import type { MetadataFacts } from '../metadata/facts.ts'
import { instanceRole } from '../metadata/instance-role.ts'

/** What the metadata service tells of an instance, from its record and those around it; undefined when it is stopped or gone. */
export function metadataFacts(cloud: Cloud, instanceId: string): MetadataFacts | undefined {
  const instance = cloud.instances.get(instanceId)
  if (!instance || instance.state === 'terminated' || instance.state === 'stopped') return undefined
  const { network, keyName, userData, rootDeviceType, rootDeviceName } = instance
  const image = findImage(cloud.images, instance.imageId)
  const key = keyName === undefined ? undefined : cloud.keyPairs.get(keyPairId(instance.ownerId, keyName))
  const devices = volumesOf(cloud.volumes.list(), instanceId)
    .flatMap(({ attachment }) => (attachment?.atLaunch === undefined ? [] : [attachment]))
    .sort((a, b) => (a.atLaunch ?? 0) - (b.atLaunch ?? 0))
  return {
    instanceId,
    reservationId: instance.reservationId,
    accountId: instance.ownerId,
    launchIndex: instance.launchIndex,
    instanceType: instance.instanceType,
    imageId: instance.imageId,
    kernelId: instance.kernelId,
    ramdiskId: instance.ramdiskId,
    manifestPath: rootDeviceType === 'ebs' ? undefined : image?.location,
    architecture: instance.architecture,
    virtualization: instance.virtualization,
    monitoring: instance.monitoring,
    pendingTime: new Date(instance.launchedAt),
    region: cloud.settings.region,
    zone: instance.zone,
    domain: network.domain,
    rootDeviceType,
    rootDeviceName,
    mappedVolumes: devices.map(({ device }) => device).filter((device) => device !== rootDeviceName),
    ephemerals: instance.ephemerals.map(({ deviceName, virtualName }) => ({ name: virtualName, device: deviceName })),
    privateHostname: `${network.hostname}.${network.domain}`,
    privateAddress: network.address,
    publicHostname: network.publicAddress,
    publicAddress: network.publicAddress,
    mac: network.mac,
    securityGroups: instance.groupIds.flatMap((id) => cloud.groups.get(id) ?? []).map(({ id, name }) => ({ id, name })),
    instanceRole: instanceRole(cloud, instance),
    key: key && { name: key.name, openSsh: key.publicKey },
    ...(instance.metadataOptions && {
      tokens: instance.metadataOptions.tokens,
      endpoint: instance.metadataOptions.endpoint,
      hopLimit: instance.metadataOptions.hopLimit,
    }),
    userData: userData === undefined ? undefined : Buffer.from(userData, 'base64'),
  }
}
