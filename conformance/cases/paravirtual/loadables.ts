import type { ImageKind } from '../../../src/bundle/manifest.ts'
import type { Parameters } from '../../../src/client/ec2.ts'
import { type Case, defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { registerImage, registerRandomImage, uploadBundle } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import { starterImage } from '../../starter.ts'

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
  // A machine of bytes that are no kernel does not start.
  needs: [...base.needs, 'boots-paravirtual'],
  seconds: 30,
  cents: 4,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { files } = await starterImage('paravirtual')
    const upload = async (image: string, kind: ImageKind) => (await uploadBundle(tools, { image, kind })).location
    const places = {
      KernelId: await upload(files.kernel, 'kernel'),
      RamdiskId: await upload(files.ramdisk, 'ramdisk'),
    }
    const root = await upload(files.root, 'machine')
    const runs = async (parameters: Parameters) => {
      const id = await runInstance(tools, parameters)
      await untilRunning(tools, id)
      await reportOf(tools, id)
      await endInstance(tools, id)
    }
    for (const lost of ['KernelId', 'RamdiskId'] as const) {
      const [KernelId, RamdiskId] = [
        await registerImage(tools, places.KernelId),
        await registerImage(tools, places.RamdiskId),
      ]
      const ImageId = await registerImage(tools, root, { KernelId, RamdiskId })
      await runs({ ImageId })
      await ec2.call('DeregisterImage', { ImageId: { KernelId, RamdiskId }[lost] })
      await tools.refuses(runInstance(tools, { ImageId }), lookup)
      await runs({ ImageId, [lost]: await registerImage(tools, places[lost]) })
    }
  },
})

const kinds: Case = defineCase({
  ...base,
  id: 'paravirtual/loadables-of-the-wrong-kind',
  title: 'a launch takes no machine image as a kernel or ramdisk, nor one of these as another, and neither can be run',
  covers: ['RunInstances', 'RegisterImage'],
  async run(tools) {
    const register = async (kind: ImageKind) => registerImage(tools, (await uploadBundle(tools, { kind })).location)
    const [KernelId, RamdiskId] = [await register('kernel'), await register('ramdisk')]
    const { location } = await uploadBundle(tools)
    const ImageId = await registerImage(tools, location, { KernelId, RamdiskId })
    const letter = tools.of({ eucalyptus: 'e', aws: 'a' })
    await tools.refuses(runInstance(tools, { ImageId, KernelId: `${letter}ki-00000000` }), lookup)
    await tools.refuses(runInstance(tools, { ImageId, RamdiskId: `${letter}ri-00000000` }), lookup)
    const machine = await registerRandomImage(tools)
    const wrongs = [{ KernelId: RamdiskId }, { RamdiskId: KernelId }, { KernelId: machine }, { RamdiskId: machine }]
    for (const wrong of wrongs) {
      await tools.refuses(runInstance(tools, { ImageId, ...wrong }), lookup)
    }
    const notFound = refusal('InvalidAMIID.NotFound', 400)
    for (const id of [KernelId, RamdiskId]) await tools.refuses(runInstance(tools, { ImageId: id }), notFound)
  },
})

export default [gone, kinds]
