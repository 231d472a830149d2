import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { describeImages, registerImage, uploadBundle } from '../../images.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md section 2.2 (step 3); image guide, "Add an existing image"'
const base = {
  level: 'MUST',
  covers: ['RegisterImage', 'DescribeImages'],
  needs: ['s3', 'images'],
  source,
  seconds: 2,
} as const

const names: Case = defineCase({
  ...base,
  id: 'images/kind-by-the-manifests-name',
  title:
    'a manifest whose name begins with vmlinuz or initrd is that of a kernel or a ramdisk in Eucalyptus, whatever it says; in AWS its name says nothing',
  async run(tools) {
    const { bucket, manifest } = await uploadBundle(tools)
    const { s3 } = tools.administrator
    const { body } = await s3({ method: 'GET', path: `/${bucket}/${manifest}` })
    for (const [name, kind] of [
      ['vmlinuz-5.10.manifest.xml', 'kernel'],
      ['initrd-tools.manifest.xml', 'ramdisk'],
    ] as const) {
      await s3({ method: 'PUT', path: `/${bucket}/${name}`, body, headers: { 'x-amz-acl': 'aws-exec-read' } })
      const id = await registerImage(tools, `${bucket}/${name}`, { VirtualizationType: 'hvm' })
      const [image] = await describeImages(tools.administrator, id)
      assert.equal(text(image, 'imageType'), tools.of({ eucalyptus: kind, aws: 'machine' }))
    }
  },
})

const windows: Case = defineCase({
  ...base,
  id: 'images/windows-is-hvm',
  title:
    'an image of Windows, in Eucalyptus by the request or by its name, is HVM and says so; one of Linux has no platform',
  source: 'eucalyptus-behaviour.md section 2.2 (step 3); EC2 API Reference, RegisterImage, which has no platform',
  async run(tools) {
    const { bucket, manifest, location } = await uploadBundle(tools)
    const { s3 } = tools.administrator
    const { body } = await s3({ method: 'GET', path: `/${bucket}/${manifest}` })
    const path = `/${bucket}/windows.manifest.xml`
    await s3({ method: 'PUT', path, body, headers: { 'x-amz-acl': 'aws-exec-read' } })
    const shown = async (id: string) => {
      const [image] = await describeImages(tools.administrator, id)
      return ['platform', 'virtualizationType'].map((name) => text(image, name) ?? '')
    }
    assert.deepEqual(await shown(await registerImage(tools, location, { VirtualizationType: 'hvm' })), ['', 'hvm'])
    const byRequest = registerImage(tools, location, { Platform: 'windows' })
    if (tools.target.fidelity === 'aws') {
      await tools.refuses(byRequest, refusal('UnknownParameter', 400))
      const byName = await registerImage(tools, path.slice(1), { VirtualizationType: 'hvm' })
      assert.deepEqual(await shown(byName), ['', 'hvm'])
      return
    }
    for (const id of [await byRequest, await registerImage(tools, path.slice(1))]) {
      assert.deepEqual(await shown(id), ['windows', 'hvm'])
    }
  },
})

const architectures: Case = defineCase({
  ...base,
  id: 'images/architectures',
  title: 'an image has the architecture of the request, else that of its manifest; unknown ones are refused',
  async run(tools) {
    const { location } = await uploadBundle(tools)
    const hvm = { VirtualizationType: 'hvm' }
    const shown = async (id: string) => text((await describeImages(tools.administrator, id))[0], 'architecture')
    assert.equal(await shown(await registerImage(tools, location, hvm)), 'x86_64')
    assert.equal(await shown(await registerImage(tools, location, { ...hvm, Architecture: 'i386' })), 'i386')
    await tools.refuses(registerImage(tools, location, { ...hvm, Architecture: 'abacus' }), {
      eucalyptus: refusal('InternalFailure', 500),
      aws: refusal('InvalidParameterValue', 400),
    })
  },
})

const devices: Case = defineCase({
  ...base,
  id: 'images/root-device-of-the-manifest',
  title:
    'the root device is told: in Eucalyptus the one that the manifest maps, else that of the kind of virtualization',
  async run(tools) {
    const shown = async (id: string) => text((await describeImages(tools.administrator, id))[0], 'rootDeviceName')
    const hvm = { VirtualizationType: 'hvm' }
    const plain = await uploadBundle(tools)
    const root = await shown(await registerImage(tools, plain.location, hvm))
    if (tools.target.fidelity === 'aws') {
      // It promises a name, and which one it keeps for roots (EC2 User Guide, Device names).
      assert.match(root ?? '', /^\/dev\/(sda1?|xvda)$/)
      return
    }
    assert.equal(root, '/dev/sda')
    const loadable = { KernelId: 'eki-12345678', RamdiskId: 'eri-12345678' }
    const paravirtual = await registerImage(tools, plain.location, loadable)
    assert.equal(await shown(paravirtual), '/dev/sda1')
    const mapped = await uploadBundle(tools, { blockDeviceMapping: { ami: 'xvda', root: '/dev/xvda1' } })
    assert.equal(await shown(await registerImage(tools, mapped.location, hvm)), '/dev/xvda')
  },
})

const slashes: Case = defineCase({
  ...base,
  id: 'images/location-with-a-slash-in-front',
  title: 'a slash in front of the location does not count',
  async run(tools) {
    const { location } = await uploadBundle(tools)
    const id = await registerImage(tools, `/${location}`, { VirtualizationType: 'hvm' })
    assert.equal(text((await describeImages(tools.administrator, id))[0], 'imageLocation'), location)
  },
})

export default [names, windows, architectures, devices, slashes]
