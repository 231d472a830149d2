import { afterAll, describe, expect, test } from 'vitest'
import type { TestBundle } from '../../bundle.harness.ts'
import { bothClouds, type TestCloud } from '../../cloud.harness.ts'

const { close, ...clouds } = await bothClouds()
afterAll(close)
const users = { eucalyptus: await clouds.eucalyptus.account('alice'), aws: await clouds.aws.account('alice') }
const fidelities = ['eucalyptus', 'aws'] as const
const { eucalyptus } = clouds

const unread = 'Failed to read manifest file: '
const bindFailed = (names: string) => `400 400 Bad Request: Failed to bind the following fields:\n${names}`

describe('shape', () => {
  test.each<[Record<string, string>, string, string]>([
    [
      { EnaSupport: 'maybe' },
      bindFailed('EnaSupport = maybe'),
      '400 InvalidParameterValue: Value (maybe) for parameter EnaSupport is invalid.',
    ],
    [{ Nmae: 'x' }, bindFailed('Nmae'), '400 UnknownParameter: The parameter Nmae is not recognized'],
    [
      { 'BlockDeviceMapping.1.Ebs.VolumeSize': 'big' },
      bindFailed('BlockDeviceMapping.1.Ebs.VolumeSize = big'),
      '400 InvalidParameterValue: Value (big) for parameter BlockDeviceMapping.1.Ebs.VolumeSize is invalid.',
    ],
    [
      { 'BlockDeviceMapping.x.DeviceName': 'sdb' },
      bindFailed('BlockDeviceMapping.x.DeviceName'),
      '400 UnknownParameter: The parameter BlockDeviceMapping.x.DeviceName is not recognized',
    ],
  ])('%j', async (parameters, inEucalyptus, inAws) => {
    expect(await clouds.eucalyptus.refusal('RegisterImage', parameters)).toBe(inEucalyptus)
    expect(await clouds.aws.refusal('RegisterImage', parameters)).toBe(inAws)
  })
})

/** Refuses to register a good HVM bundle with these changes, and leaves no image behind. */
async function refusalOf(it: TestCloud, parameters: Record<string, string | undefined>, bundle: TestBundle) {
  const location = await it.upload(bundle)
  const before = it.cloud.images.list().length
  const all = { Name: 'refused', ImageLocation: location, VirtualizationType: 'hvm', ...parameters }
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const sentence = await it.refusal('RegisterImage', Object.fromEntries(sent), bundle.as)
  expect(it.cloud.images.list()).toHaveLength(before)
  return sentence.replace(location, 'LOCATION')
}

describe('refusals', () => {
  const badName =
    "InvalidAMIName.Malformed: AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'"
  const paravirtual = { VirtualizationType: undefined, KernelId: 'eki-12345678', RamdiskId: 'eri-12345678' }
  test.each<[string, { parameters?: Record<string, string | undefined>; bundle?: TestBundle }, string, string]>([
    ['no name', { parameters: { Name: undefined } }, `400 ${badName}`, `400 ${badName}`],
    ['a short name', { parameters: { Name: 'ab' } }, `400 ${badName}`, `400 ${badName}`],
    ['a long name', { parameters: { Name: 'x'.repeat(129) } }, `400 ${badName}`, `400 ${badName}`],
    ['a name with a hash', { parameters: { Name: 'my#image' } }, `400 ${badName}`, `400 ${badName}`],
    [
      'a long description',
      { parameters: { Description: 'x'.repeat(256) } },
      '400 InvalidParameter: AMI descriptions must be less than 256 characters long',
      '400 InvalidParameter: AMI descriptions must be less than 256 characters long',
    ],
    [
      'an unknown virtualization',
      { parameters: { VirtualizationType: 'xen' } },
      '500 InternalFailure: Unknown virtualization-type xen',
      '400 InvalidParameterValue: Unknown virtualization-type xen',
    ],
    [
      'neither location nor snapshot',
      { parameters: { ImageLocation: undefined } },
      '500 InternalFailure: Invalid request:  the request must specify either ImageLocation for an instance-store image or a snapshot for the root device of an EBS image',
      '400 MissingParameter: Invalid request:  the request must specify either ImageLocation for an instance-store image or a snapshot for the root device of an EBS image',
    ],
    [
      'an EBS mapping beside a location',
      { parameters: { 'BlockDeviceMapping.1.DeviceName': 'sdb', 'BlockDeviceMapping.1.Ebs.VolumeSize': '1' } },
      '500 InternalFailure: Ebs block device mappings are not supported',
      '400 InvalidBlockDeviceMapping: Ebs block device mappings are not supported',
    ],
    ...['nobucket', 'a/short', 'bucket/'].map((ImageLocation): [string, object, string, string] => [
      `the location ${ImageLocation}`,
      { parameters: { ImageLocation } },
      `500 InternalFailure: Invalid image location: ${ImageLocation}`,
      `400 InvalidManifest: Invalid image location: ${ImageLocation}`,
    ]),
    [
      'a location where nothing is',
      { parameters: { ImageLocation: 'nowhere/a.manifest.xml' } },
      `500 InternalFailure: ${unread}nowhere/a.manifest.xml`,
      `400 InvalidManifest: ${unread}nowhere/a.manifest.xml`,
    ],
    [
      'a manifest that aws-exec-read may not read',
      { bundle: { acl: 'private' } },
      `500 InternalFailure: ${unread}LOCATION`,
      `400 InvalidManifest: ${unread}LOCATION`,
    ],
    [
      'a manifest that is none',
      { bundle: { edit: () => 'hello' } },
      `500 InternalFailure: ${unread}LOCATION`,
      `400 InvalidManifest: ${unread}LOCATION`,
    ],
    [
      'a manifest of more than 5 MiB',
      { bundle: { edit: (manifest) => manifest.replace('</name>', `</name>${' '.repeat(5 * 2 ** 20)}`) } },
      `500 InternalFailure: ${unread}LOCATION`,
      `400 InvalidManifest: ${unread}LOCATION`,
    ],
    [
      "another account's manifest",
      { bundle: { accountId: '000000000001' } },
      '400 AuthFailure: Manifest is not accessible',
      '400 AuthFailure: Manifest is not accessible',
    ],
    [
      'an image of more than 30 GiB',
      { bundle: { edit: (manifest) => manifest.replace(/<size>\d+/, `<size>${30 * 2 ** 30 + 1}`) } },
      `500 InternalFailure: Cannot register image of size ${30 * 2 ** 30 + 1} bytes; the limit is 30 GB`,
      `400 InvalidManifest: Cannot register image of size ${30 * 2 ** 30 + 1} bytes; the limit is 30 GB`,
    ],
    [
      'an unknown architecture',
      { parameters: { Architecture: 'armhf' } },
      '500 InternalFailure: Unknown architecture armhf',
      '400 InvalidParameterValue: Unknown architecture armhf',
    ],
    [
      'an unknown architecture in the manifest',
      { bundle: { architecture: 'ppc64le' } },
      '500 InternalFailure: Unknown architecture ppc64le',
      '400 InvalidParameterValue: Unknown architecture ppc64le',
    ],
    [
      'paravirtual, which is the default, without kernel',
      { parameters: { ...paravirtual, KernelId: undefined } },
      '400 MissingParameter: Kernel ID must be specified',
      '400 MissingParameter: Kernel ID must be specified',
    ],
    [
      'paravirtual without ramdisk',
      { parameters: { ...paravirtual, RamdiskId: undefined } },
      '400 MissingParameter: Ramdisk ID must be specified',
      '400 MissingParameter: Ramdisk ID must be specified',
    ],
    [
      'a malformed kernel',
      { parameters: { ...paravirtual, KernelId: 'vmlinuz' } },
      '400 InvalidParameterValue: Value (vmlinuz) for parameter KernelId is invalid.',
      '400 InvalidParameterValue: Value (vmlinuz) for parameter KernelId is invalid.',
    ],
    [
      'a kernel for a ramdisk',
      { parameters: { ...paravirtual, RamdiskId: 'eki-12345678' } },
      '400 InvalidParameterValue: Value (eki-12345678) for parameter RamdiskId is invalid.',
      '400 InvalidParameterValue: Value (eki-12345678) for parameter RamdiskId is invalid.',
    ],
  ])('%s', async (_title, { parameters = {}, bundle = {} }, inEucalyptus, inAws) => {
    expect(await refusalOf(clouds.eucalyptus, parameters, bundle)).toBe(inEucalyptus)
    expect(await refusalOf(clouds.aws, parameters, bundle)).toBe(inAws)
  })

  test.each<[string, TestBundle, 'kernel' | 'ramdisk']>([
    ['kernel', { kind: 'kernel' }, 'kernel'],
    ['ramdisk', { kind: 'ramdisk' }, 'ramdisk'],
  ])("a user's %s", async (_title, bundle, kind) => {
    const refusals = await Promise.all(
      fidelities.map((one) => refusalOf(clouds[one], {}, { ...bundle, as: users[one] })),
    )
    expect(refusals).toEqual([
      `500 InternalFailure: Only administrators can register ${kind} images.`,
      `400 OperationNotPermitted: Only administrators can register ${kind} images.`,
    ])
  })

  test.each([
    ['vmlinuz-5.10', 'kernel'],
    ['initrd-tools', 'ramdisk'],
  ])("in eucalyptus a user's manifest named %s", async (name, kind) => {
    const bundle = { location: `names/${name}.manifest.xml`, as: users.eucalyptus }
    expect(await refusalOf(eucalyptus, {}, bundle)).toBe(
      `500 InternalFailure: Only administrators can register ${kind} images.`,
    )
  })

  test('a name that is taken, in the same account, by an available image', async () => {
    const first = await eucalyptus.register({ parameters: { Name: 'taken' } })
    expect(await refusalOf(eucalyptus, { Name: 'taken' }, {})).toBe(
      `400 InvalidAMIName.Duplicate: AMI name taken is already in use by EMI ${first}`,
    )
    const byAlice = await eucalyptus.register({ as: users.eucalyptus, parameters: { Name: 'taken' } })
    await eucalyptus.call('DeregisterImage', { ImageId: first })
    const again = await eucalyptus.register({ parameters: { Name: 'taken' } })
    expect(new Set([first, byAlice, again]).size).toBe(3)
  })
})

describe('effect', () => {
  const absent = { kernelId: undefined, rootDirective: undefined, virtualization: undefined, rootDeviceName: undefined }
  const record = (id: string) => ({ ...absent, ...eucalyptus.cloud.images.get(id) })

  test.each<[string, object, object]>([
    [
      'an HVM disk',
      {},
      {
        kind: 'machine',
        virtualization: 'hvm',
        rootDeviceName: '/dev/sda',
        architecture: 'x86_64',
        public: false,
        state: 'available',
        size: 20_000,
      },
    ],
    [
      'a paravirtual root',
      { virtualization: 'paravirtual' },
      {
        virtualization: 'paravirtual',
        rootDeviceName: '/dev/sda1',
        kernelId: expect.stringMatching(/^eki-/),
        ramdiskId: expect.stringMatching(/^eri-/),
      },
    ],
    ['a kernel', { kind: 'kernel' }, { kind: 'kernel', virtualization: undefined, rootDeviceName: undefined }],
    ['a ramdisk by the name of its manifest', { location: 'effects/initrd.manifest.xml' }, { kind: 'ramdisk' }],
    [
      'windows by the name of its manifest',
      { location: 'effects/windows.manifest.xml', parameters: { VirtualizationType: 'paravirtual' } },
      { platform: 'windows', virtualization: 'hvm' },
    ],
    [
      'windows by the request',
      { parameters: { VirtualizationType: 'paravirtual', Platform: 'Windows' } },
      { platform: 'windows', virtualization: 'hvm' },
    ],
    ['windows by the kernel of the manifest', { kernelId: 'windows' }, { platform: 'windows', kernelId: undefined }],
    [
      'kernel and ramdisk of the manifest',
      { kernelId: 'eki-1234ABCD', ramdiskId: 'ari-1234abcd', parameters: { VirtualizationType: 'paravirtual' } },
      { kernelId: 'eki-1234abcd', ramdiskId: 'ari-1234abcd' },
    ],
    [
      'the devices of the manifest',
      { blockDeviceMapping: { ami: 'vda', root: '/dev/vda2' } },
      { rootDeviceName: '/dev/vda', rootDirective: '/dev/vda2' },
    ],
    [
      'a root directive that is no device',
      { blockDeviceMapping: { root: '/dev/vda1 init=/bin/sh' } },
      { rootDirective: undefined },
    ],
    ['HVM in capitals', { parameters: { VirtualizationType: 'HVM' } }, { virtualization: 'hvm' }],
    [
      'the architecture of the request before that of the manifest',
      { parameters: { Architecture: 'i386' } },
      { architecture: 'i386' },
    ],
    [
      'no architecture anywhere',
      { edit: (m: string) => m.replace(/<architecture>.*?<\/architecture>/, '') },
      { architecture: 'i386' },
    ],
    [
      'a description of 255 characters',
      { parameters: { Description: 'x'.repeat(255) } },
      { description: 'x'.repeat(255) },
    ],
  ])('%s', async (_title, image, expected) => {
    expect(record(await eucalyptus.register(image))).toMatchObject(expected)
  })

  test('a leading slash of the location is dropped', async () => {
    const location = await eucalyptus.upload()
    const id = await eucalyptus.register({ parameters: { ImageLocation: `/${location}` } })
    expect(record(id)).toMatchObject({ location })
  })

  test.each([
    ['eucalyptus', /^emi-[0-9a-f]{8}$/, /^eki-/, /^eri-/],
    ['aws', /^ami-[0-9a-f]{17}$/, /^aki-/, /^ari-/],
  ] as const)('the ids of %s', async (fidelity, machine, kernel, ramdisk) => {
    expect(await clouds[fidelity].register()).toMatch(machine)
    expect(await clouds[fidelity].register({ kind: 'kernel' })).toMatch(kernel)
    expect(await clouds[fidelity].register({ kind: 'ramdisk' })).toMatch(ramdisk)
  })

  test('of two at once with one name, one is made', async () => {
    const location = await eucalyptus.upload()
    const parameters = { Name: 'race', ImageLocation: location, VirtualizationType: 'hvm' }
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => eucalyptus.call('RegisterImage', parameters)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
