import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import type { ImageKind } from '../../../src/bundle/manifest.ts'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { bootLineOf, reportOf } from '../../guest.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { starterImage, withFreshNonce } from '../../starter.ts'

const swap = 512 * 2 ** 20

export default defineCase({
  id: 'paravirtual/boots-with-kernel-and-ramdisk',
  title:
    'a paravirtual image boots with the kernel and ramdisk that its launch names, on one disk of root, ephemeral and swap',
  level: 'MUST',
  covers: ['RegisterImage', 'RunInstances', 'DescribeInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual'],
  source: 'eucalyptus-behaviour.md sections 5.2, 6.1 and 6.2; invariant 11 of section 14',
  seconds: 15,
  cents: 1,
  smoke: true,
  async run(tools) {
    const { files, bootLine } = await starterImage('paravirtual')
    const { file, nonce } = await withFreshNonce(tools, files.root)
    const [kernel, ramdisk, root] = [
      await uploadBundle(tools, { image: files.kernel, kind: 'kernel' }),
      await uploadBundle(tools, { image: files.ramdisk, kind: 'ramdisk' }),
      await uploadBundle(tools, { image: file }),
    ]
    const KernelId = await registerImage(tools, kernel.location)
    const RamdiskId = await registerImage(tools, ramdisk.location)
    // Its own, which boot nothing: other cases boot images with theirs.
    const decoy = async (kind: ImageKind) => registerImage(tools, (await uploadBundle(tools, { kind })).location)
    const own = { KernelId: await decoy('kernel'), RamdiskId: await decoy('ramdisk') }
    const ImageId = await registerImage(tools, root.location, own)
    const id = await runInstance(tools, { ImageId, KernelId, RamdiskId })
    const instance = await untilRunning(tools, id)
    assert.deepEqual([text(instance, 'kernelId'), text(instance, 'ramdiskId')], [KernelId, RamdiskId])
    const report = await reportOf(tools, id)
    assert.equal(report.nonce, nonce, 'the guest runs other bytes than those that were registered')
    assert.equal(report.commandLine.trim(), 'root=/dev/vda1 console=ttyS0')
    assert.equal(report.root, '/dev/vda1')
    const [vda, ...others] = report.disks
    assert.deepEqual(
      others.map(({ name }) => name),
      [],
      'the type has one disk',
    )
    const { diskGiB } = tools.target.instanceType
    assert.deepEqual(
      vda?.partitions.map(({ name, bytes }) => [name, bytes]),
      [
        ['vda1', 2 ** 9 * Math.ceil((await stat(file)).size / 2 ** 9)],
        ['vda2', diskGiB * 2 ** 30 - (await stat(file)).size - swap],
        ['vda3', swap],
      ],
    )
    assert.equal(vda?.partitions[0]?.start, 63)
    await bootLineOf(tools, id, bootLine)
  },
})
