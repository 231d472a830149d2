import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { list, text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { reportOf, resultOf, userDataScript } from '../../guest.ts'
import { findDisk, serialOf } from '../../guest-disk.ts'
import { deregisterLater, describeImages } from '../../images.ts'
import {
  type DiskFile,
  findConversion,
  importedDisk,
  importVolume,
  prepareImport,
  startImport,
  untilImported,
} from '../../imports.ts'
import { findInstance, terminateLater, untilRunning } from '../../instances.ts'
import { starterImage, withFreshNonce } from '../../starter.ts'
import type { Tools } from '../../tools.ts'
import { streamOptimised } from '../../vmdk.ts'
import { attachVolume, deleteLater, deleteSnapshotLater } from '../../volumes.ts'

const MiB = 2 ** 20

/** Imports bytes that nothing boots as a volume of 1 GiB; gives it with their checksum. */
async function importedVolume(tools: Tools): Promise<{ id: string; sha256: string }> {
  const bytes = randomBytes(3 * MiB)
  const file: DiskFile = { format: 'RAW', bytes, diskBytes: bytes.length }
  const upload = await prepareImport(tools, file, { partBytes: MiB })
  await upload.putAll()
  const task = await untilImported(tools, await importVolume(tools, file, upload))
  const id = text(task, 'importVolume', 'volume', 'id') ?? ''
  return { id, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Has all removed that an imported instance leaves to its owner, the instance first. */
async function clearUp(tools: Tools, task: string): Promise<void> {
  const made = await findConversion(tools, task)
  for (const volume of list(made, 'importInstance', 'volumes')) {
    const id = text(volume, 'volume', 'id')
    if (id) deleteLater(tools, id)
  }
  const id = text(made, 'importInstance', 'instanceId')
  if (!id) return
  if (tools.target.fidelity === 'eucalyptus') {
    const instance = await findInstance(tools.administrator, id)
    const ImageId = text(instance, 'imageId') ?? ''
    const [image] = await describeImages(tools.administrator, ImageId)
    for (const mapping of list(image, 'blockDeviceMapping')) {
      deleteSnapshotLater(tools, text(mapping, 'ebs', 'snapshotId') ?? '')
    }
    deregisterLater(tools, ImageId)
    for (const mapping of list(instance, 'blockDeviceMapping')) {
      deleteLater(tools, text(mapping, 'ebs', 'volumeId') ?? '')
    }
  }
  terminateLater(tools, id)
}

export default defineCase({
  id: 'imports/instance',
  title: 'an imported VMDK is an instance that boots with its bytes; an imported raw file is a volume that it reads',
  level: 'MUST',
  covers: ['ImportInstance', 'ImportVolume', 'DescribeConversionTasks', 'AttachVolume'],
  needs: ['s3', 'images', 'instance-store', 'ebs', 'imports', 'boots-hvm', 'network'],
  source: 'eucalyptus-behaviour.md sections 4.2 and 4.3, and T3B of section 8; EC2 API Reference, ImportInstance',
  seconds: 60,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const data = await importedVolume(tools)
    const { files } = await starterImage('hvm')
    const { file, nonce } = await withFreshNonce(tools, files.disk)
    const disk = await readFile(file)
    const vmdk: DiskFile = { format: 'VMDK', bytes: streamOptimised(disk), diskBytes: disk.length }
    const upload = await prepareImport(tools, vmdk)
    await upload.putAll()
    const script = userDataScript(
      ...[findDisk, `find_disk ${serialOf(tools, data.id)}`],
      `result read $(dd if=$disk bs=${MiB} count=3 2>/dev/null | sha256sum)`,
    )
    const task = await startImport(tools, 'ImportInstance', {
      Platform: 'Linux',
      LaunchSpecification: {
        Architecture: 'x86_64',
        InstanceType: tools.target.instanceType.name,
        Placement: { AvailabilityZone: tools.target.zone },
        UserData: { Data: script },
      },
      DiskImage: [importedDisk(vmdk, upload)],
    })
    // What there is by then: it may come late.
    tools.later(`what ${task} made`, () => clearUp(tools, task))
    const imported = await untilImported(tools, task)
    const id = text(imported, 'importInstance', 'instanceId') ?? ''
    // AWS makes it stopped.
    if (tools.target.fidelity === 'aws') await ec2.call('StartInstances', { InstanceId: [id] })
    await untilRunning(tools, id)
    const report = await reportOf(tools, id)
    assert.equal(report.nonce, nonce, 'the guest runs other bytes than those that were imported')
    assert.equal(report.disks[0]?.bytes, 2 ** 30, 'its disk does not have the size of the volume')
    await attachVolume(tools, data.id, id, '/dev/sdf')
    const [read] = (await resultOf(tools, id, 'read')).split(' ')
    assert.equal(read, data.sha256, 'the imported volume has other bytes than its file')
  },
})
