import { defineCase } from '../../case.ts'
import { runBlank, stopInstance } from '../../ebs-instances.ts'
import { deregistered, untilHidden } from '../../images.ts'
import { endInstance, runInstance, untilRunning } from '../../instances.ts'

export default defineCase({
  id: 'images/deregistered-instances-start-again',
  title: 'an EBS-backed instance of a deregistered image goes on, and starts again after a stop; no other is launched',
  level: 'SHOULD',
  covers: ['DeregisterImage', 'DescribeImages', 'StopInstances', 'StartInstances', 'RunInstances'],
  needs: ['ebs'],
  source: 'eucalyptus-behaviour.md section 2.5; EC2 User Guide, Deregister an AMI',
  seconds: 20,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { id, ImageId } = await runBlank(tools)
    await ec2.call('DeregisterImage', { ImageId })
    await untilHidden(tools, ImageId)
    await tools.refuses(runInstance(tools, { ImageId }), deregistered)
    await untilRunning(tools, id)
    await stopInstance(tools, id)
    await ec2.call('StartInstances', { InstanceId: [id] })
    await untilRunning(tools, id)
    await endInstance(tools, id)
  },
})
