import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { describeImages, registerImage, uploadBundle } from '../../images.ts'
import { type ByFidelity, type Refusal, refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.5 and 2.2; EC2 API Reference, RegisterImage'
const base = { level: 'MUST', covers: ['RegisterImage'], needs: ['s3', 'images'], source, seconds: 2 } as const

/** What Eucalyptus answers with InternalFailure and its sentence, AWS with a code of its own. */
const failure = (message: RegExp, aws: string): ByFidelity<Refusal> => ({
  eucalyptus: refusal('InternalFailure', 500, message),
  aws: refusal(aws, 400),
})

const badNames = ['', 'ab', 'a'.repeat(129), 'has#hash', 'naïve']

const names: Case = defineCase({
  ...base,
  id: 'images/name-is-malformed',
  title: 'a name is 3 to 128 characters of letters, digits and ( ) . - / _, in AWS of some others, and it is required',
  async run(tools) {
    const { location } = await uploadBundle(tools)
    const malformed = refusal('InvalidAMIName.Malformed', 400)
    const register = (Name: string) => registerImage(tools, location, { Name, VirtualizationType: 'hvm' })
    for (const Name of badNames) await tools.refuses(register(Name), malformed)
    const spaced = register(`${tools.name('[a]')} 'b' @c`)
    if (tools.target.fidelity === 'eucalyptus') await tools.refuses(spaced, malformed)
    else await spaced
    const longest = tools.name('()./_-').padEnd(128, 'x')
    await register(longest)
  },
})

const duplicates: Case = defineCase({
  ...base,
  id: 'images/name-is-taken',
  title: 'a name is taken while an image of the account has it, and free again when that is deregistered',
  covers: ['RegisterImage', 'DeregisterImage'],
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    const parameters = { Name: tools.name('name'), VirtualizationType: 'hvm' }
    const { location } = await uploadBundle(tools)
    const ImageId = await registerImage(tools, location, parameters)
    const taken = {
      eucalyptus: refusal('InvalidAMIName.Duplicate', 400, new RegExp(ImageId)),
      aws: refusal('InvalidAMIName.Duplicate', 400),
    }
    await tools.refuses(registerImage(tools, location, parameters), taken)
    const others = await uploadBundle(tools, { clients: tools.user })
    await registerImage(tools, others.location, parameters, tools.user)
    await tools.administrator.ec2.call('DeregisterImage', { ImageId })
    await registerImage(tools, location, parameters)
  },
})

const values: Case = defineCase({
  ...base,
  id: 'images/parameters-have-limits',
  title: 'a description of more than 255 characters, unknown words and no location at all are refused',
  async run(tools) {
    const { location } = await uploadBundle(tools)
    const tried: [Record<string, string | undefined>, Refusal | ByFidelity<Refusal>][] = [
      [{ Description: 'd'.repeat(256) }, refusal('InvalidParameter', 400)],
      [{ VirtualizationType: 'magic' }, failure(/Unknown virtualization-type/, 'InvalidParameterValue')],
      [{ KernelId: 'not-an-id', VirtualizationType: 'hvm' }, refusal('InvalidParameterValue', 400)],
      [{ RamdiskId: 'eki-12345678', VirtualizationType: 'hvm' }, refusal('InvalidParameterValue', 400)],
      [{ ImageLocation: undefined }, failure(/must specify either ImageLocation/, 'MissingParameter')],
      [{ ImageLocation: 'nothing-behind-the-bucket/' }, failure(/Invalid image location/, 'InvalidManifest')],
      [{ ImageLocation: 'x' }, failure(/Invalid image location/, 'InvalidManifest')],
    ]
    for (const [parameters, expected] of tried)
      await tools.refuses(registerImage(tools, location, parameters), expected)
    await registerImage(tools, location, { Description: 'd'.repeat(255), VirtualizationType: 'HVM' })
  },
})

const manifests: Case = defineCase({
  ...base,
  id: 'images/manifest-is-unreadable',
  title: 'a manifest that is private, absent or no manifest is refused, and no image is left',
  covers: ['RegisterImage', 'DescribeImages', 'PutObject'],
  async run(tools) {
    const { s3, ec2 } = tools.administrator
    const unreadable = failure(/Failed to read manifest file/, 'InvalidManifest')
    const Name = tools.name('unreadable')
    const refused = (location: string) => tools.refuses(registerImage(tools, location, { Name }), unreadable)
    const hidden = await uploadBundle(tools, { acl: 'private' })
    await refused(hidden.location)
    await refused(`${hidden.bucket}/absent.manifest.xml`)
    await refused(`${tools.name('absent')}/image.manifest.xml`)
    for (const body of ['', 'no XML', '<manifest><version>2007-10-10</version></manifest>', '<other/>']) {
      const path = `/${hidden.bucket}/bad.manifest.xml`
      await s3({ method: 'PUT', path, body, headers: { 'x-amz-acl': 'aws-exec-read' } })
      await refused(path.slice(1))
    }
    const found = await ec2.call('DescribeImages', { Filter: [{ Name: 'name', Value: [Name] }] })
    assert.deepEqual(list(found, 'imagesSet'), [])
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'images/manifest-of-another-account',
  title: 'a manifest that names another account than the caller is refused, whoever owns the bucket',
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    const expected = {
      eucalyptus: refusal('AuthFailure', 400, /Manifest is not accessible/),
      aws: refusal('AuthFailure', 400),
    }
    const { accountId } = tools.user.account
    const { location } = await uploadBundle(tools, { accountId })
    const parameters = { VirtualizationType: 'hvm' }
    await tools.refuses(registerImage(tools, location, parameters), expected)
    // The account that the manifest names may register it out of anybody's bucket.
    await registerImage(tools, location, parameters, tools.user)
  },
})

const administrators: Case = defineCase({
  ...base,
  id: 'images/kernels-by-administrators-only',
  title: 'only the administrator registers kernels and ramdisks',
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    for (const kind of ['kernel', 'ramdisk'] as const) {
      const { location } = await uploadBundle(tools, { clients: tools.user, kind })
      const expected = failure(new RegExp(`Only administrators can register ${kind} images`), 'OperationNotPermitted')
      await tools.refuses(registerImage(tools, location, {}, tools.user), expected)
    }
  },
})

const description: Case = defineCase({
  ...base,
  id: 'images/registered-image-is-described',
  title: 'a registered image, kernel and ramdisk are described with what was registered',
  covers: ['RegisterImage', 'DescribeImages'],
  smoke: true,
  async run(tools) {
    const letter = tools.of({ eucalyptus: 'e', aws: 'a' })
    const { accountId } = tools.administrator.account
    for (const kind of ['machine', 'kernel', 'ramdisk'] as const) {
      const { location } = await uploadBundle(tools, { kind })
      const Name = tools.name(kind)
      const parameters = kind === 'machine' ? { VirtualizationType: 'hvm', Description: 'described' } : {}
      const id = await registerImage(tools, location, { Name, ...parameters })
      assert.match(id, new RegExp(`^${letter}${{ machine: 'm', kernel: 'k', ramdisk: 'r' }[kind]}i-(.{8}|.{17})$`))
      const [image, ...others] = await describeImages(tools.administrator, id)
      assert.equal(others.length, 0)
      const fields = ['imageId', 'imageLocation', 'imageState', 'imageOwnerId', 'imageType', 'name', 'architecture']
      const shown = fields.map((field) => text(image, field))
      assert.deepEqual(shown, [id, location, 'available', accountId, kind, Name, 'x86_64'])
      const machineOnly = ['rootDeviceType', 'virtualizationType', 'description'].map((field) => text(image, field))
      const expected = kind === 'machine' ? ['instance-store', 'hvm', 'described'] : [undefined, undefined, undefined]
      assert.deepEqual(machineOnly, expected)
    }
  },
})

export default [names, duplicates, values, manifests, owners, administrators, description]
