import assert from 'node:assert/strict'
import { list, text } from '../../../src/client/xml.ts'
import { type Case, defineCase } from '../../case.ts'
import { registerRandomImage } from '../../images.ts'
import { importedDisk, prepareImport, startImport } from '../../imports.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'

const base = {
  level: 'MUST',
  source: 'EC2 API Reference, CreateInstanceExportTask and CancelImportTask',
  seconds: 4,
} as const

/** Eucalyptus has these actions in its interface and does not do them. */
async function refusedOrElse(tools: Tools, action: string, parameters: object, code: string): Promise<void> {
  const { ec2 } = tools.administrator
  const attempt = ec2.call(action, { ...parameters }).then((answer) => {
    const ExportTaskId = text(answer, 'exportTask', 'exportTaskId')
    if (ExportTaskId) tools.later(`task ${ExportTaskId}`, () => ec2.call('CancelExportTask', { ExportTaskId }))
  })
  await tools.refuses(attempt, {
    eucalyptus: refusal('UnsupportedOperation', 400),
    aws: refusal(code, 400),
  })
}

const exports: Case = defineCase({
  ...base,
  id: 'imports/export-tasks',
  title: 'AWS exports no instance that was not imported, nor one that there is not; Eucalyptus exports none',
  covers: ['CreateInstanceExportTask', 'DescribeExportTasks', 'CancelExportTask'],
  needs: ['s3', 'images', 'instance-store'],
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const InstanceId = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
    await untilRunning(tools, InstanceId)
    const ExportToS3 = { DiskImageFormat: 'VMDK', S3Bucket: tools.name('bucket') }
    const asked = { InstanceId, TargetEnvironment: 'vmware', ExportToS3 }
    const create = 'CreateInstanceExportTask'
    await refusedOrElse(tools, create, asked, 'NotExportable')
    await refusedOrElse(tools, create, { ...asked, InstanceId: 'i-00000000' }, 'InvalidInstanceID.NotFound')
    await refusedOrElse(tools, create, { ...asked, TargetEnvironment: 'abacus' }, 'InvalidParameterValue')
    const unknown = 'export-i-00000000'
    await refusedOrElse(tools, 'DescribeExportTasks', { ExportTaskId: [unknown] }, 'InvalidExportTaskID.NotFound')
    await refusedOrElse(tools, 'CancelExportTask', { ExportTaskId: unknown }, 'InvalidExportTaskID.NotFound')
    if (tools.target.fidelity === 'aws') {
      assert.ok(!JSON.stringify(await ec2.call('DescribeExportTasks')).includes(InstanceId))
    }
  },
})

const cancels: Case = defineCase({
  ...base,
  id: 'imports/cancel-what-is-no-task',
  title: 'a task of an import that there is not cannot be cancelled; in Eucalyptus none can by this action',
  covers: ['CancelImportTask'],
  needs: [],
  run: (tools) =>
    refusedOrElse(tools, 'CancelImportTask', { ImportTaskId: 'import-snap-00000000' }, 'InvalidConversionTaskId'),
})

const instances: Case = defineCase({
  ...base,
  id: 'imports/instance-refusals',
  title: 'an instance of an unknown type, of an architecture that there is not or of a bad format is not imported',
  covers: ['ImportInstance', 'DescribeConversionTasks'],
  source: 'eucalyptus-behaviour.md section 4.2; EC2 API Reference, ImportInstance',
  needs: ['s3', 'imports'],
  async run(tools) {
    const { ec2 } = tools.administrator
    const file = { format: 'RAW', bytes: Buffer.alloc(1024), diskBytes: 1024 } as const
    const disk = importedDisk(file, await prepareImport(tools, file))
    const specification = { Architecture: 'x86_64', InstanceType: tools.target.instanceType.name }
    const Description = tools.name('description')
    const start = (LaunchSpecification: object, DiskImage: object = disk) =>
      startImport(tools, 'ImportInstance', {
        ...{ Description, Platform: 'Linux', DiskImage: [{ ...DiskImage }] },
        LaunchSpecification: { ...specification, ...LaunchSpecification },
      })
    // Eucalyptus has the status in the place of the code.
    const invalid = { eucalyptus: refusal('400', 500), aws: refusal('InvalidParameterValue', 400) }
    await tools.refuses(start({ Architecture: 'abacus' }), invalid)
    await tools.refuses(start({ InstanceType: 'm0.none' }), invalid)
    await tools.refuses(start({}, { ...disk, Image: { ...disk.Image, Format: 'VDI' } }), invalid)
    const tasks = list(await ec2.call('DescribeConversionTasks'), 'conversionTasks')
    assert.ok(!JSON.stringify(tasks).includes(Description), 'a task was made')
  },
})

export default [exports, cancels, instances]
