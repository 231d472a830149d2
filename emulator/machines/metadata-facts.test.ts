import { describe, expect, test } from 'vitest'
import { freshCloud, type TestCloud, theText } from '../cloud.harness.ts'
import { createGroup } from '../ec2/group/group.harness.ts'
import { attach, makeVolume, registerEbs, stoppedInstance } from '../ec2/volume/volume.harness.ts'
import { metadataFacts } from './metadata-facts.ts'

const networkOf = (it: TestCloud, id: string) => it.cloud.instances.get(id)?.network.publicAddress

describe('what the metadata service is told', () => {
  test('of an instance-store instance', async () => {
    const it = await freshCloud()
    const key = await it.call('CreateKeyPair', { KeyName: 'mine' })
    const group = await createGroup(it, 'web')
    const ImageId = await it.register({ virtualization: 'paravirtual' })
    const id = await it.run({
      ImageId,
      KeyName: 'mine',
      UserData: Buffer.from('#!/bin/sh').toString('base64'),
      'SecurityGroup.1': 'web',
      'Monitoring.Enabled': 'true',
    })
    const { network, reservationId, kernelId, ramdiskId } = it.cloud.instances.get(id)!
    expect(metadataFacts(it.cloud, id)).toEqual({
      instanceId: id,
      reservationId,
      accountId: it.administrator.accountId,
      launchIndex: 0,
      instanceType: 'm1.small',
      imageId: ImageId,
      kernelId,
      ramdiskId,
      manifestPath: it.cloud.images.get(ImageId)?.location,
      architecture: 'x86_64',
      virtualization: 'paravirtual',
      monitoring: true,
      pendingTime: it.clock.now(),
      region: 'eucalyptus',
      zone: 'one',
      domain: 'eucalyptus.internal',
      rootDeviceType: 'instance-store',
      rootDeviceName: '/dev/sda1',
      mappedVolumes: [],
      ephemerals: [],
      privateHostname: `${network.hostname}.eucalyptus.internal`,
      privateAddress: network.address,
      publicHostname: network.publicAddress,
      publicAddress: network.publicAddress,
      mac: network.mac,
      securityGroups: [{ id: group, name: 'web' }],
      key: { name: 'mine', openSsh: it.cloud.keyPairs.list()[0]?.publicKey },
      userData: Buffer.from('#!/bin/sh'),
    })
    expect(theText(key, 'keyMaterial')).toContain('PRIVATE KEY')
  })

  test('of an EBS-backed instance: what its launch mapped, in that order, and nothing that was plugged in since', async () => {
    const it = await freshCloud()
    const ImageId = await registerEbs(it, {
      'BlockDeviceMapping.2.DeviceName': '/dev/sdd',
      'BlockDeviceMapping.2.Ebs.VolumeSize': '1',
      'BlockDeviceMapping.3.DeviceName': '/dev/sdb',
      'BlockDeviceMapping.3.VirtualName': 'ephemeral0',
    })
    const id = await it.run({
      ImageId,
      'BlockDeviceMapping.1.DeviceName': '/dev/sdc',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '1',
    })
    await attach(it, await makeVolume(it), id)
    expect(metadataFacts(it.cloud, id)).toMatchObject({
      rootDeviceType: 'ebs',
      rootDeviceName: '/dev/sda',
      manifestPath: undefined,
      mappedVolumes: ['/dev/sdc', '/dev/sdd'],
      ephemerals: [{ name: 'ephemeral0', device: '/dev/sdb' }],
      key: undefined,
      userData: undefined,
    })
  })

  test('of one with an elastic address follow it', async () => {
    const it = await freshCloud()
    const id = await it.run()
    await it.idle()
    const PublicIp = theText(await it.call('AllocateAddress'), 'publicIp')
    await it.call('AssociateAddress', { PublicIp, InstanceId: id })
    expect(metadataFacts(it.cloud, id)).toMatchObject({ publicAddress: PublicIp, publicHostname: PublicIp })
    await it.call('DisassociateAddress', { PublicIp })
    expect(metadataFacts(it.cloud, id)?.publicAddress).toBe(networkOf(it, id))
    expect(networkOf(it, id)).not.toBe(PublicIp)
  })

  test('say how the service behaves, where that was said', async () => {
    const it = await freshCloud({ fidelity: 'aws' })
    const id = await it.run()
    expect(metadataFacts(it.cloud, id)).not.toHaveProperty('tokens')
    await it.call('ModifyInstanceMetadataOptions', { InstanceId: id, HttpTokens: 'optional', HttpEndpoint: 'disabled' })
    expect(metadataFacts(it.cloud, id)).toMatchObject({ tokens: 'optional', endpoint: 'disabled' })
  })

  test('of one whose key pair and image are gone', async () => {
    const it = await freshCloud()
    await it.call('CreateKeyPair', { KeyName: 'lost' })
    const ImageId = await it.register()
    const id = await it.run({ ImageId, KeyName: 'lost' })
    await it.idle()
    await it.call('DeleteKeyPair', { KeyName: 'lost' })
    await it.cloud.store.change((draft) => it.cloud.images.in(draft).remove(ImageId))
    expect(metadataFacts(it.cloud, id)).toMatchObject({ imageId: ImageId, key: undefined, manifestPath: undefined })
  })

  test('is nothing when it is stopped, ended or unknown', async () => {
    const it = await freshCloud()
    const { id } = await stoppedInstance(it)
    expect(metadataFacts(it.cloud, id)).toBeUndefined()
    await it.call('TerminateInstances', { 'InstanceId.1': id })
    expect(metadataFacts(it.cloud, id)).toBeUndefined()
    expect(metadataFacts(it.cloud, 'i-12345678')).toBeUndefined()
  })
})
