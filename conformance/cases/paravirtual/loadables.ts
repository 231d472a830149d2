import type { ImageKind } from '../../../src/bundle/manifest.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'

const base = {
  level: 'MUST',
  covers: ['RunInstances', 'RegisterImage', 'DeregisterImage'],
  needs: ['s3', 'images', 'instance-store'],
  source: 'eucalyptus-behaviour.md sections 1.5, 2.2 and 5.2 (KernelId and RamdiskId); EC2 API Reference, RunInstances',
  seconds: 6,
  cents: 1,
} as const
const lookup = {
  eucalyptus: refusal('InternalFailure', 500, /Failed to lookup image named/),
  aws: refusal('InvalidAMIID.NotFound', 400),
}

const gone: Case = defineCase({
  ...base,
  id: 'paravirtual/loadables-that-are-gone',
  title: 'a paravirtual image whose kernel or ramdisk is deregistered does not run, unless its launch names another',
  async run(tools) {
    const { ec2 } = tools.administrator
    const register = async (kind: ImageKind) => registerImage(tools, (await uploadBundle(tools, { kind })).location)
    const { location } = await uploadBundle(tools)
    for (const lost of ['KernelId', 'RamdiskId'] as const) {
      const own = { KernelId: await register('kernel'), RamdiskId: await register('ramdisk') }
      const ImageId = await registerImage(tools, location, own)
      await untilRunning(tools, await runInstance(tools, { ImageId }))
      await ec2.call('DeregisterImage', { ImageId: own[lost] })
      await tools.refuses(runInstance(tools, { ImageId }), lookup)
      const other = await register(lost === 'KernelId' ? 'kernel' : 'ramdisk')
      await untilRunning(tools, await runInstance(tools, { ImageId, [lost]: other }))
    }
  },
})

const kinds: Case = defineCase({
  ...base,
  id: 'paravirtual/loadables-of-the-wrong-kind',
  title: 'a machine image is no kernel and no ramdisk of a launch, and a kernel is no image to run',
  async run(tools) {
    const register = async (kind: ImageKind) => registerImage(tools, (await uploadBundle(tools, { kind })).location)
    const [KernelId, RamdiskId] = [await register('kernel'), await register('ramdisk')]
    const { location } = await uploadBundle(tools)
    const ImageId = await registerImage(tools, location, { KernelId, RamdiskId })
    const letter = tools.of({ eucalyptus: 'e', aws: 'a' })
    await tools.refuses(runInstance(tools, { ImageId, KernelId: `${letter}ki-00000000` }), lookup)
    await tools.refuses(runInstance(tools, { ImageId, RamdiskId: `${letter}ri-00000000` }), lookup)
    for (const wrong of [{ KernelId: RamdiskId }, { RamdiskId: KernelId }]) {
      await tools.refuses(runInstance(tools, { ImageId, ...wrong }), lookup)
    }
    const notFound = refusal('InvalidAMIID.NotFound', 400)
    for (const id of [KernelId, RamdiskId]) await tools.refuses(runInstance(tools, { ImageId: id }), notFound)
  },
})

export default [gone, kinds]
