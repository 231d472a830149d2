import assert from 'node:assert/strict'
import { bundleInstance, findBundleTask, untilBundled } from '../../bundle-tasks.ts'
import { defineCase } from '../../case.ts'
import { registerImage } from '../../images.ts'
import { findInstance, runInstance, stateOf, untilRunning } from '../../instances.ts'
import { markingGuest, marksOf } from '../../marks.ts'
import { registerStarter } from '../../starter.ts'

export default defineCase({
  id: 'bundle/instance',
  title: 'what a guest wrote is in the image that is bundled of its instance, and in the instance, which boots again',
  level: 'MUST',
  covers: ['BundleInstance', 'DescribeBundleTasks', 'RegisterImage', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'bundle-instance'],
  source: 'eucalyptus-behaviour.md section 3.5; image guide, "Modify an existing instance store-backed image"',
  seconds: 240,
  cents: 1,
  async run(tools) {
    const ImageId = await registerStarter(tools, 'hvm')
    const id = await runInstance(tools, { ImageId, UserData: markingGuest({}) })
    await untilRunning(tools, id)
    const { left } = await marksOf(tools, id, 1, 1)
    const { id: task, location } = await bundleInstance(tools, id)
    assert.equal(await untilBundled(tools, task), 'complete')
    assert.equal(stateOf(await findInstance(tools.administrator, id)), 'running')
    const { saw } = await marksOf(tools, id, 2, 1)
    assert.deepEqual(saw, left, 'the instance that was bundled has other bytes than before')
    const bundled = await registerImage(tools, location, { VirtualizationType: 'hvm' })
    const copy = await runInstance(tools, { ImageId: bundled })
    await untilRunning(tools, copy)
    assert.deepEqual((await marksOf(tools, copy, 2, 1)).saw, left, 'the image has other bytes than its instance had')
    assert.ok(await findBundleTask(tools, task), 'the task is no longer shown')
  },
})
