import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { Parameters } from '../../../src/client/ec2.ts'
import { list, text, type Xml } from '../../../src/client/xml.ts'
import { makeBucket } from '../../buckets.ts'
import { defineCase } from '../../case.ts'
import { reportOf } from '../../guest.ts'
import { removeImageLater } from '../../images.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import { starterImage, withFreshNonce } from '../../starter.ts'
import type { Tools } from '../../tools.ts'
import { diskOf, streamOptimised } from '../../vmdk.ts'
import { deleteSnapshotLater, makeVolume } from '../../volumes.ts'

/** Waits for a task of one of the three kinds to be completed and gives it. Throws at once when it has failed. */
async function untilCompleted(
  tools: Tools,
  id: string,
  [action, ids, set]: readonly [action: string, ids: string, set: string],
): Promise<Xml> {
  const look = async () => list(await tools.administrator.ec2.call(action, { [ids]: [id] }), set)[0]
  const isCompleted = (task: Xml | undefined) => {
    const status = text(task, 'status') ?? text(task, 'snapshotTaskDetail', 'status')
    assert.ok(status === 'active' || status === 'completed', `${id} is ${status}: ${JSON.stringify(task)}`)
    return status === 'completed'
  }
  const task = await tools.until(`the end of ${id}`, look, isCompleted, 300)
  assert.ok(task !== undefined)
  return task
}

/** Removes after the case what the task of an import has made; one that is not over is cancelled. */
function undoLater(tools: Tools, id: string, [action, ids, set]: (typeof tasks)['snapshot' | 'image']): void {
  const { ec2 } = tools.administrator
  tools.later(`what ${id} made`, async () => {
    const [task] = list(await ec2.call(action, { [ids]: [id] }), set)
    const status = text(task, 'status') ?? text(task, 'snapshotTaskDetail', 'status')
    if (status === 'active') await ec2.call('CancelImportTask', { ImportTaskId: id })
    const [SnapshotId, ImageId] = [text(task, 'snapshotTaskDetail', 'snapshotId'), text(task, 'imageId')]
    if (SnapshotId) deleteSnapshotLater(tools, SnapshotId)
    if (ImageId) removeImageLater(tools, ImageId)
  })
}

const tasks = {
  snapshot: ['DescribeImportSnapshotTasks', 'ImportTaskId', 'importSnapshotTaskSet'],
  image: ['DescribeImportImageTasks', 'ImportTaskId', 'importImageTaskSet'],
  export: ['DescribeExportImageTasks', 'ExportImageTaskId', 'exportImageTaskSet'],
} as const

/** Puts a disk file into a bucket of its own, and gives where it is as the parameters of an import. */
async function stored(tools: Tools, Format: string, bytes: Buffer): Promise<Parameters> {
  const bucket = await makeBucket(tools)
  await tools.administrator.minio.putObject(bucket, 'disk', bytes)
  return { Format, UserBucket: { S3Bucket: bucket, S3Key: 'disk' } }
}

async function started(tools: Tools, action: string, parameters: Parameters, id: string): Promise<string> {
  const task = text(await tools.administrator.ec2.call(action, parameters), id)
  if (!task) throw new Error(`${action} answered without ${id}`)
  return task
}

const source = 'VM Import/Export User Guide; EC2 API Reference, ImportSnapshot, ImportImage and ExportImage'

const snapshots = (['RAW', 'VMDK'] as const).map((format) =>
  defineCase({
    id: `imports/snapshot-${format.toLowerCase()}`,
    title: `a disk file (${format}) becomes a snapshot, from which a volume is made`,
    level: 'MUST',
    covers: ['ImportSnapshot', 'DescribeImportSnapshotTasks', 'DescribeSnapshots', 'CreateVolume'],
    needs: ['s3', 'ebs', 'vm-import'],
    source,
    seconds: 10,
    async run(tools) {
      const disk = randomBytes(1024 * 1024)
      const DiskContainer = await stored(tools, format, format === 'RAW' ? disk : streamOptimised(disk))
      const id = await started(tools, 'ImportSnapshot', { DiskContainer }, 'importTaskId')
      undoLater(tools, id, tasks.snapshot)
      assert.match(id, /^import-snap-/)
      const task = await untilCompleted(tools, id, tasks.snapshot)
      const SnapshotId = text(task, 'snapshotTaskDetail', 'snapshotId') ?? ''
      assert.equal(text(task, 'snapshotTaskDetail', 'format'), format)
      const { ec2 } = tools.administrator
      const [shown] = list(await ec2.call('DescribeSnapshots', { SnapshotId: [SnapshotId] }), 'snapshotSet')
      assert.deepEqual([text(shown, 'status'), text(shown, 'volumeSize')], ['completed', '1'])
      await makeVolume(tools, { SnapshotId })
    },
  }),
)

const refusals = defineCase({
  id: 'imports/vm-import-refusals',
  title: 'a disk file of no known format, or that is not there, is refused before there is a task',
  level: 'MUST',
  covers: [
    ...['ImportSnapshot', 'ImportImage', 'ExportImage', 'DescribeImportSnapshotTasks', 'DescribeImportImageTasks'],
  ],
  needs: ['s3', 'vm-import'],
  source,
  seconds: 2,
  async run(tools) {
    const { ec2 } = tools.administrator
    const there = await stored(tools, 'RAW', Buffer.alloc(512))
    const invalid = refusal('InvalidParameter', 400)
    const lost = { Format: 'RAW', UserBucket: { S3Bucket: tools.name('nowhere'), S3Key: 'disk' } }
    const Description = tools.name('description')
    const start = async (kind: 'snapshot' | 'image', DiskContainer: Parameters | Parameters[]) => {
      const action = { snapshot: 'ImportSnapshot', image: 'ImportImage' }[kind]
      undoLater(tools, await started(tools, action, { Description, DiskContainer }, 'importTaskId'), tasks[kind])
    }
    for (const container of [{ ...there, Format: 'VDI' }, lost]) {
      await tools.refuses(start('snapshot', container), invalid)
      await tools.refuses(start('image', [container]), invalid)
    }
    for (const [action] of [tasks.snapshot, tasks.image]) {
      assert.ok(!JSON.stringify(await ec2.call(action)).includes(Description), 'there is a task of what was refused')
    }
    const exported = { ImageId: 'ami-00000000', DiskImageFormat: 'RAW', S3ExportLocation: { S3Bucket: 'bucket' } }
    await tools.refuses(ec2.call('ExportImage', exported), refusal('InvalidAMIID.NotFound', 400))
  },
})

/** Exports an image as a VMDK file, and gives that. */
async function exported(tools: Tools, ImageId: string): Promise<Buffer> {
  const bucket = await makeBucket(tools)
  const S3ExportLocation = { S3Bucket: bucket, S3Prefix: 'exports/' }
  const asked = { ImageId, DiskImageFormat: 'VMDK', S3ExportLocation }
  const id = await started(tools, 'ExportImage', asked, 'exportImageTaskId')
  await untilCompleted(tools, id, tasks.export)
  return buffer(await tools.administrator.minio.getObject(bucket, `exports/${id}.vmdk`))
}

const image = defineCase({
  id: 'imports/image',
  title: 'an imported VMDK is an image that boots with its bytes, and is exported with the same',
  level: 'MUST',
  covers: ['ImportImage', 'DescribeImportImageTasks', 'RunInstances', 'ExportImage', 'DescribeExportImageTasks'],
  needs: ['s3', 'images', 'instance-store', 'ebs', 'vm-import', 'boots-hvm'],
  source,
  seconds: 60,
  cents: 1,
  async run(tools) {
    const { files } = await starterImage('hvm')
    const { file, nonce } = await withFreshNonce(tools, files.disk)
    const disk = await readFile(file)
    const DiskContainer = [await stored(tools, 'VMDK', streamOptimised(disk))]
    const id = await started(tools, 'ImportImage', { DiskContainer }, 'importTaskId')
    undoLater(tools, id, tasks.image)
    const ImageId = text(await untilCompleted(tools, id, tasks.image), 'imageId') ?? ''
    const instance = await runInstance(tools, { ImageId })
    await untilRunning(tools, instance)
    assert.equal((await reportOf(tools, instance)).nonce, nonce, 'the guest runs other bytes than were imported')
    const vmdk = await exported(tools, ImageId)
    assert.ok(diskOf(vmdk, disk.length).equals(disk), 'the exported disk has other bytes than the imported one')
  },
})

export default [...snapshots, refusals, image]
