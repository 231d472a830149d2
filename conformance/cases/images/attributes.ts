import assert from 'node:assert/strict'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { describeImages, registerImage, registerRandomImage, uploadBundle } from '../../images.ts'
import { isTaken, refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const notFound = refusal('InvalidAMIID.NotFound', 400)

const source = 'eucalyptus-behaviour.md section 2.4; EC2 API Reference, DescribeImageAttribute and ModifyImageAttribute'
const base = { level: 'MUST', needs: ['s3', 'images'], source, seconds: 2 } as const

const read = ({ administrator }: Tools, ImageId: string, Attribute: string) =>
  administrator.ec2.call('DescribeImageAttribute', { ImageId, Attribute })

const description: Case = defineCase({
  ...base,
  id: 'images/description-is-modified',
  title: 'the description of an image is changed, up to 255 characters, and shown from then on',
  covers: ['ModifyImageAttribute', 'DescribeImageAttribute', 'DescribeImages'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const ImageId = await registerRandomImage(tools)
    const modify = (Value: string) => ec2.call('ModifyImageAttribute', { ImageId, Description: { Value } })
    const longest = 'd'.repeat(255)
    assert.equal(text(await modify(longest), 'return'), 'true')
    assert.equal(text(await read(tools, ImageId, 'description'), 'description', 'value'), longest)
    assert.equal(text((await describeImages(tools.administrator, ImageId))[0], 'description'), longest)
    await tools.refuses(modify(`${longest}d`), refusal('InvalidParameter', 400))
    await modify('another')
    assert.equal(text(await read(tools, ImageId, 'description'), 'description', 'value'), 'another')
  },
})

const loadable: Case = defineCase({
  ...base,
  id: 'images/attributes-of-a-paravirtual-image',
  title: 'the attributes of an image tell its kernel and its ramdisk, and in Eucalyptus its devices',
  covers: ['DescribeImageAttribute'],
  async run(tools) {
    const upload = async (kind: 'kernel' | 'ramdisk') =>
      registerImage(tools, (await uploadBundle(tools, { kind })).location)
    const [KernelId, RamdiskId] = [await upload('kernel'), await upload('ramdisk')]
    const ImageId = await registerImage(tools, (await uploadBundle(tools)).location, { KernelId, RamdiskId })
    for (const [name, value] of Object.entries({ kernel: KernelId, ramdisk: RamdiskId })) {
      const answer = await read(tools, ImageId, name)
      assert.deepEqual([text(answer, 'imageId'), text(answer, name, 'value')], [ImageId, value])
    }
    const mapping = read(tools, ImageId, 'blockDeviceMapping')
    if (tools.target.fidelity === 'aws') {
      await tools.refuses(mapping, refusal('AuthFailure', 403))
      return
    }
    const devices = list(await mapping, 'blockDeviceMapping')
    const shown = devices.map((device) => `${text(device, 'virtualName')}=${text(device, 'deviceName')}`)
    assert.deepEqual(shown.sort(), ['ami=sda1', 'ephemeral0=sda2', 'root=/dev/sda1', 'swap=sda3'])
  },
})

const codes: Case = defineCase({
  ...base,
  id: 'images/product-codes',
  title: 'product codes that are added to an image stay, each once; AWS may refuse them all',
  covers: ['ModifyImageAttribute', 'DescribeImageAttribute'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const ImageId = await registerRandomImage(tools)
    const add = (...ProductCode: string[]) => ec2.call('ModifyImageAttribute', { ImageId, ProductCode })
    // The API reference of AWS calls them not supported.
    const isRefused = tools.target.fidelity === 'aws' && !(await isTaken(add('4711')))
    if (!isRefused) {
      await add('4711')
      await add('4711', '0815')
    }
    const answer = await read(tools, ImageId, 'productCodes')
    const shown = list(answer, 'productCodes').map((code) => text(code, 'productCode'))
    assert.deepEqual(shown.sort(), isRefused ? [] : ['0815', '4711'])
  },
})

const refusals: Case = defineCase({
  ...base,
  id: 'images/attributes-that-cannot-be',
  title: 'attributes that there are not, accounts that are none, and images of nobody are refused',
  covers: ['DescribeImageAttribute', 'ModifyImageAttribute', 'ResetImageAttribute'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const ImageId = await registerRandomImage(tools)
    const failure = (aws: string) => ({ eucalyptus: refusal('InternalFailure', 500), aws: refusal(aws, 400) })
    await tools.refuses(read(tools, ImageId, 'colour'), failure('InvalidParameterValue'))
    const share = (parameters: Parameters) =>
      ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [parameters] } })
    await tools.refuses(share({ UserId: 'nobody' }), failure('InvalidAMIAttributeItemValue'))
    const nobody = tools.of({ eucalyptus: 'emi-00000000', aws: 'ami-00000000' })
    const asked = { ImageId: nobody, Description: { Value: 'x' } }
    await tools.refuses(ec2.call('ModifyImageAttribute', asked), failure('InvalidAMIID.NotFound'))
    await tools.refuses(read(tools, nobody, 'description'), notFound)
    const reset = ec2.call('ResetImageAttribute', { ImageId: nobody, Attribute: 'launchPermission' })
    // Eucalyptus refuses by the answer "false".
    if (tools.target.fidelity === 'aws') await tools.refuses(reset, notFound)
    else assert.equal(text(await reset, 'return'), 'false')
    const permissions = list(await read(tools, ImageId, 'launchPermission'), 'launchPermission')
    assert.deepEqual(permissions, [])
  },
})

const owners: Case = defineCase({
  ...base,
  id: 'images/attributes-belong-to-the-owner',
  title: 'an account that may run an image neither changes it, nor shares it, nor takes back who may run it',
  covers: ['ModifyImageAttribute', 'ResetImageAttribute', 'DescribeImageAttribute', 'DescribeImages'],
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const ImageId = await registerRandomImage(tools)
    const UserId = user.account.accountId
    await administrator.ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ UserId }] } })
    const denied = { eucalyptus: refusal('InternalFailure', 500, /Not authorized/), aws: refusal('AuthFailure', 403) }
    const asked = { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } }
    await tools.refuses(user.ec2.call('ModifyImageAttribute', asked), denied)
    const words = { ImageId, Description: { Value: 'mine' } }
    await tools.refuses(user.ec2.call('ModifyImageAttribute', words), denied)
    const reset = user.ec2.call('ResetImageAttribute', { ImageId, Attribute: 'launchPermission' })
    // Eucalyptus refuses by the answer "false".
    if (tools.target.fidelity === 'aws') await tools.refuses(reset, denied.aws)
    else assert.equal(text(await reset, 'return'), 'false')
    const permissions = list(await read(tools, ImageId, 'launchPermission'), 'launchPermission')
    assert.deepEqual(
      permissions.map((one) => text(one, 'userId')),
      [UserId],
    )
    const [image] = await describeImages(administrator, ImageId)
    assert.deepEqual([text(image, 'isPublic'), text(image, 'description') || undefined], ['false', undefined])
  },
})

const both: Case = defineCase({
  ...base,
  id: 'images/permissions-added-and-removed-at-once',
  title: 'of permissions that are added and removed in one request Eucalyptus adds, and AWS does both',
  covers: ['ModifyImageAttribute', 'DescribeImageAttribute'],
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const ImageId = await registerRandomImage(tools)
    const UserId = user.account.accountId
    const change = (LaunchPermission: Parameters) =>
      administrator.ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission })
    await change({ Add: [{ Group: 'all' }] })
    await change({ Add: [{ UserId }], Remove: [{ Group: 'all' }] })
    const shown = list(await read(tools, ImageId, 'launchPermission'), 'launchPermission').map(
      (one) => text(one, 'group') ?? text(one, 'userId'),
    )
    assert.deepEqual(shown.sort(), tools.of({ eucalyptus: [UserId, 'all'], aws: [UserId] }))
  },
})

const listed: Case = defineCase({
  ...base,
  id: 'images/listed-by-owner',
  title: 'images are listed by their owners, and those of another account that are private never are',
  covers: ['DescribeImages'],
  needs: ['s3', 'images', 'two-accounts'],
  async run(tools) {
    const { administrator, user } = tools
    const [mine, theirs] = [await registerRandomImage(tools), await registerRandomImage(tools, user)]
    const seen = async (as: typeof user, parameters: Parameters) => {
      const ids = list(await as.ec2.call('DescribeImages', parameters), 'imagesSet').map((one) => text(one, 'imageId'))
      return [ids.includes(mine), ids.includes(theirs)]
    }
    assert.deepEqual(await seen(administrator, { Owner: ['self'] }), [true, false])
    assert.deepEqual(await seen(user, { Owner: ['self'] }), [false, true])
    assert.deepEqual(await seen(user, { Owner: [administrator.account.accountId] }), [false, false])
    assert.deepEqual(await seen(user, { Owner: [user.account.accountId] }), [false, true])
    assert.deepEqual(await seen(user, {}), [false, true])
    assert.deepEqual(await seen(user, { ExecutableBy: ['all'] }), [false, false])
  },
})

export default [description, loadable, codes, refusals, owners, both, listed]
