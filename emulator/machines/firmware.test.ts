import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { deep, freshCloud, items, type TestCloud, type TestCloudOptions, told } from '../cloud.harness.ts'
import { registerEbs } from '../ec2/volume/volume.harness.ts'

const shown = async (it: TestCloud, id: string) =>
  deep(await it.call('DescribeInstances', { 'InstanceId.1': id }), 'reservationSet', '0', 'instancesSet', '0')

/** A cloud as AWS with an instance of an image of this boot mode; EBS-backed unless said otherwise. */
async function launched(bootMode: string, options: TestCloudOptions = {}, root: 'ebs' | 'instance-store' = 'ebs') {
  const it = await freshCloud({ fidelity: 'aws', ...options })
  const parameters = { BootMode: bootMode }
  const ImageId = root === 'ebs' ? await registerEbs(it, parameters) : await it.register({ parameters })
  const id = await it.run({ ImageId })
  await it.idle()
  const variables = it.cloud.files.machine(id).uefiVariables
  return { it, id, ImageId, variables, boot: () => it.hypervisor.machine(id).spec.boot }
}

describe('an instance of an image that', () => {
  test.each(['ebs', 'instance-store'] as const)('boots by UEFI does, %s', async (root) => {
    const { it, id, boot, variables } = await launched('uefi', {}, root)
    expect(boot()).toEqual({ kind: 'disk', uefiVariables: variables })
    expect(await shown(it, id)).toMatchObject({ bootMode: 'uefi', currentInstanceBootMode: 'uefi' })
  })

  test.each([
    [true, 'uefi'],
    [false, 'legacy-bios'],
  ])('prefers UEFI has it where the host does: %s', async (uefi, current) => {
    const { it, id, boot } = await launched('uefi-preferred', { guests: { uefi } })
    expect(boot()).toEqual({ kind: 'disk', ...(uefi && { uefiVariables: expect.stringContaining(id) }) })
    expect(await shown(it, id)).toMatchObject({ bootMode: 'uefi-preferred', currentInstanceBootMode: current })
  })

  test('boots by the BIOS, or does not say, does that', async () => {
    const { it, id, boot } = await launched('legacy-bios')
    expect(boot()).toEqual({ kind: 'disk' })
    expect(await shown(it, id)).toMatchObject({ bootMode: 'legacy-bios', currentInstanceBootMode: 'legacy-bios' })
    const silent = await shown(it, await it.run())
    expect(silent).toMatchObject({ currentInstanceBootMode: 'legacy-bios' })
    expect(silent).not.toHaveProperty('bootMode')
  })

  test('needs UEFI on a host without it ends with what to install', async () => {
    const { it, id } = await launched('uefi', { guests: { uefi: false } }, 'instance-store')
    expect(await told(it, id)).toBe('terminated Server.InternalError')
    expect(deep(await shown(it, id), 'stateReason', 'message')).toMatch(
      /no UEFI firmware here: type "apt-get install ovmf"/,
    )
  })
})

test('in eucalyptus an instance shows no boot mode', async () => {
  const it = await freshCloud()
  const instance = await shown(it, await it.run())
  expect(instance).not.toHaveProperty('bootMode')
  expect(instance).not.toHaveProperty('currentInstanceBootMode')
  const filter = { 'Filter.1.Name': 'boot-mode', 'Filter.1.Value.1': 'uefi' }
  expect(await it.refusal('DescribeInstances', filter)).toMatch(/boot-mode/)
})

test('instances are found by what their image is for and by what they started by', async () => {
  const { it, id } = await launched('uefi-preferred')
  const other = await it.run()
  await it.idle()
  const found = async (name: string, value: string) =>
    items(
      await it.call('DescribeInstances', { 'Filter.1.Name': name, 'Filter.1.Value.1': value }),
      'reservationSet',
    ).map((one) => deep(one, 'instancesSet', '0', 'instanceId'))
  expect(await found('boot-mode', 'uefi-preferred')).toEqual([id])
  expect(await found('boot-mode', 'legacy-bios')).toEqual([])
  expect(await found('current-instance-boot-mode', 'uefi')).toEqual([id])
  expect(await found('current-instance-boot-mode', 'legacy-bios')).toEqual([other])
})

describe('what the firmware keeps', () => {
  const kept = 'boot entries'

  test("is the machine's own, outlasts a stop alone of all its files, and goes with the instance", async () => {
    const { it, id, variables } = await launched('uefi')
    expect(statSync(variables).mode & 0o777).toBe(0o600)
    writeFileSync(variables, kept)
    await it.call('StopInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(readdirSync(it.cloud.files.machine(id).folder)).toEqual(['uefi-variables.fd'])
    const next = await it.restart('crash')
    await next.call('StartInstances', { 'InstanceId.1': id })
    await next.idle()
    const later = next.cloud.files.machine(id)
    expect(next.hypervisor.machine(id).spec.boot).toEqual({ kind: 'disk', uefiVariables: later.uefiVariables })
    expect(readFileSync(later.uefiVariables, 'utf8')).toBe(kept)
    await next.call('TerminateInstances', { 'InstanceId.1': id })
    await next.idle()
    expect(existsSync(later.folder)).toBe(false)
  })

  test('is there after a reboot', async () => {
    const { it, id, variables } = await launched('uefi', {}, 'instance-store')
    writeFileSync(variables, kept)
    await it.call('RebootInstances', { 'InstanceId.1': id })
    await it.idle()
    expect(readFileSync(variables, 'utf8')).toBe(kept)
  })
})

test('an image that is made of an instance or copied has its boot mode', async () => {
  const { it, id, ImageId } = await launched('uefi')
  await it.call('DeregisterImage', { ImageId })
  const made = deep(await it.call('CreateImage', { InstanceId: id, Name: 'made' }), 'imageId') as string
  await it.idle()
  const copying = { SourceImageId: made, SourceRegion: 'eucalyptus', Name: 'copied' }
  const copied = deep(await it.call('CopyImage', copying), 'imageId') as string
  await it.idle()
  const images = items(await it.call('DescribeImages', { 'ImageId.1': made, 'ImageId.2': copied }), 'imagesSet')
  expect(images.map((image) => [deep(image, 'imageState'), deep(image, 'bootMode')])).toEqual([
    ['available', 'uefi'],
    ['available', 'uefi'],
  ])
})
