import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { describeImages, registerImage, uploadBundle } from '../../images.ts'
import { refusal } from '../../refusal.ts'

const source = 'eucalyptus-behaviour.md sections 1.5 and 2.2; invariant 3 of section 14'

export default [
  defineCase({
    id: 'paravirtual/needs-kernel-and-ramdisk',
    title: 'a paravirtual image without a kernel or a ramdisk is refused; the same manifest registers as HVM',
    level: 'MUST',
    covers: ['RegisterImage'],
    needs: ['s3', 'images'],
    source,
    seconds: 2,
    async run(tools) {
      const { location } = await uploadBundle(tools)
      const [KernelId, RamdiskId] = ['eki-12345678', 'eri-12345678']
      const missing = (word: string) => ({
        eucalyptus: refusal('MissingParameter', 400, new RegExp(`${word} ID must be specified`)),
        aws: refusal('MissingParameter', 400),
      })
      const [kernel, ramdisk] = [missing('Kernel'), missing('Ramdisk')]
      // Paravirtual is what is meant when no type is named.
      for (const type of [{}, { VirtualizationType: 'paravirtual' }]) {
        await tools.refuses(registerImage(tools, location, type), kernel)
        await tools.refuses(registerImage(tools, location, { ...type, RamdiskId }), kernel)
        await tools.refuses(registerImage(tools, location, { ...type, KernelId }), ramdisk)
      }
      await registerImage(tools, location, { VirtualizationType: 'hvm' })
    },
  }),
  defineCase({
    id: 'paravirtual/kernel-and-ramdisk-are-described',
    title: 'a paravirtual image is described with the kernel and the ramdisk that it was registered with',
    level: 'MUST',
    covers: ['RegisterImage', 'DescribeImages'],
    needs: ['s3', 'images'],
    source,
    seconds: 2,
    async run(tools) {
      const register = async (kind: 'kernel' | 'ramdisk') =>
        registerImage(tools, (await uploadBundle(tools, { kind })).location)
      const [KernelId, RamdiskId] = [await register('kernel'), await register('ramdisk')]
      const { location } = await uploadBundle(tools)
      const id = await registerImage(tools, location, { KernelId, RamdiskId })
      const [image] = await describeImages(tools.administrator, id)
      const shown = ['kernelId', 'ramdiskId', 'virtualizationType'].map((field) => text(image, field))
      assert.deepEqual(shown, [KernelId, RamdiskId, 'paravirtual'])
    },
  }),
]
