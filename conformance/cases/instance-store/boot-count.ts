import assert from 'node:assert/strict'
import { defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { registerImage, uploadBundle } from '../../images.ts'
import { runInstance, untilRunning, untilTerminated } from '../../instances.ts'
import { starterImage, withFreshNonce } from '../../starter.ts'

export default defineCase({
  id: 'instance-store/boot-count',
  title: 'what a guest writes on its instance-store root is kept by a reboot, and lost to the next instance',
  level: 'MUST',
  covers: ['RunInstances', 'RebootInstances', 'TerminateInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm'],
  source: 'eucalyptus-behaviour.md section 5.4 (disk fate); invariant 5 of section 14',
  seconds: 60,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { files } = await starterImage('hvm')
    const { file, nonce } = await withFreshNonce(tools, files.disk)
    const { location } = await uploadBundle(tools, { image: file })
    const ImageId = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    const launch = async () => {
      const id = await runInstance(tools, { ImageId })
      await untilRunning(tools, id)
      const report = await reportOf(tools, id)
      assert.equal(report.nonce, nonce)
      assert.equal(report.bootCount, 1, 'a new instance does not begin with the bytes of its image')
      return id
    }
    const first = await launch()
    await ec2.call('RebootInstances', { InstanceId: [first] })
    await reportOf(tools, first, { bootCount: 2 })
    await ec2.call('TerminateInstances', { InstanceId: [first] })
    await untilTerminated(tools, first)
    await launch()
  },
})
