import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { type DiskFile, findConversion, importVolume, prepareImport, untilImported } from '../../imports.ts'
import { isTaken, refusal } from '../../refusal.ts'
import type { Tools } from '../../tools.ts'
import { streamOptimised } from '../../vmdk.ts'
import { deleteLater, findVolume, untilVolume } from '../../volumes.ts'

const source = 'eucalyptus-behaviour.md sections 4.1 to 4.3; EC2 API Reference, ImportVolume'
const common = { level: 'MUST', needs: ['s3', 'ebs', 'imports'], source } as const

/** Parts as small as this are for disks as small as these. */
const partBytes = 512 * 1024

function randomDisk(format: DiskFile['format']): DiskFile {
  const disk = Buffer.concat([randomBytes(600 * 1024), Buffer.alloc(300 * 1024), randomBytes(600 * 1024)])
  return { format, bytes: format === 'RAW' ? disk : streamOptimised(disk), diskBytes: disk.length }
}

/** The volume that a task has made; it goes with the run. */
function volumeOf(tools: Tools, task: Parameters<typeof text>[0]): string {
  const volume = text(task, 'importVolume', 'volume', 'id') ?? ''
  deleteLater(tools, volume)
  return volume
}

const whole = (['RAW', 'VMDK'] as const).map((format) =>
  defineCase({
    ...common,
    id: `imports/volume-${format.toLowerCase()}`,
    title: `a disk file (${format}) in parts becomes a volume when all of them are there`,
    covers: ['ImportVolume', 'DescribeConversionTasks', 'DescribeVolumes'],
    seconds: 10,
    async run(tools) {
      const file = randomDisk(format)
      const upload = await prepareImport(tools, file, { partBytes })
      await upload.putAll()
      const id = await importVolume(tools, file, upload)
      assert.match(id, /^import-vol-/)
      const task = await untilImported(tools, id)
      const volume = volumeOf(tools, task)
      const said = ['format', 'size', 'importManifestUrl'].map((name) => text(task, 'importVolume', 'image', name))
      assert.deepEqual(said, [format, String(file.diskBytes), upload.manifestUrl])
      assert.equal(text(task, 'importVolume', 'bytesConverted'), String(file.diskBytes))
      const shown = await untilVolume(tools, volume, 'available')
      assert.deepEqual([text(shown, 'size'), text(shown, 'availabilityZone')], ['1', tools.target.zone])
    },
  }),
)

const interrupted = defineCase({
  ...common,
  id: 'imports/resumed',
  title: 'an import whose upload was broken off waits, says where its manifest is, and goes on with the missing parts',
  covers: ['ImportVolume', 'DescribeConversionTasks', 'HeadObject'],
  seconds: 15,
  async run(tools) {
    const { s3 } = tools.administrator
    const file = randomDisk('RAW')
    const upload = await prepareImport(tools, file, { partBytes })
    await upload.putManifest()
    await upload.putPart(0)
    const id = await importVolume(tools, file, upload)
    const task = await findConversion(tools, id)
    assert.equal(text(task, 'state'), 'active')
    assert.equal(text(task, 'importVolume', 'bytesConverted'), '0')
    assert.ok(!text(task, 'importVolume', 'volume', 'id'), 'a volume is shown before the file is there')
    // Who resumes knows the task alone, and looks which parts there are.
    const manifest = new URL(text(task, 'importVolume', 'image', 'importManifestUrl') ?? '').pathname
    assert.ok(manifest.endsWith(`/${upload.bucket}/${upload.manifestKey}`))
    const head = (key: string) => s3({ method: 'HEAD', path: `/${upload.bucket}/${key}` })
    for (const [index, key] of upload.parts.entries()) {
      if (index === 0) {
        await head(key)
        continue
      }
      // Without a body: euca-resume-import sends the part on this status, and gives up on any other.
      await tools.refuses(head(key), refusal('HTTP 404', 404))
      await upload.putPart(index)
    }
    const volume = volumeOf(tools, await untilImported(tools, id))
    await untilVolume(tools, volume, 'available')
  },
})

const expired = defineCase({
  ...common,
  level: 'SHOULD',
  id: 'imports/expired-urls',
  title: 'an import whose URLs have expired stays where it is, while a later one is done',
  covers: ['ImportVolume', 'DescribeConversionTasks'],
  seconds: 10,
  async run(tools) {
    const file = randomDisk('RAW')
    const late = await prepareImport(tools, file, { partBytes, time: new Date(Date.now() - 3_600_000), expires: 60 })
    await late.putAll()
    const id = await importVolume(tools, file, late)
    const upload = await prepareImport(tools, file, { partBytes })
    await upload.putAll()
    volumeOf(tools, await untilImported(tools, await importVolume(tools, file, upload)))
    const task = await findConversion(tools, id)
    assert.equal(text(task, 'importVolume', 'bytesConverted'), '0')
    assert.ok(['active', 'cancelled'].includes(text(task, 'state') ?? ''), 'a file was read by a URL that had expired')
  },
})

const cancelled = defineCase({
  ...common,
  id: 'imports/cancelled',
  title: 'a cancelled import ends without a volume, though the rest of its file comes',
  covers: ['ImportVolume', 'CancelConversionTask', 'DescribeConversionTasks'],
  seconds: 5,
  async run(tools) {
    const { ec2 } = tools.administrator
    const file = randomDisk('RAW')
    const upload = await prepareImport(tools, file, { partBytes })
    await upload.putManifest()
    const id = await importVolume(tools, file, upload)
    assert.equal(text(await ec2.call('CancelConversionTask', { ConversionTaskId: id }), 'return'), 'true')
    for (const index of upload.parts.keys()) await upload.putPart(index)
    // Eucalyptus is two minutes about it, which is nothing to wait for.
    const ends = tools.of({ eucalyptus: ['cancelling', 'cancelled'], aws: ['cancelled'] })
    const task = await tools.until(
      `the cancellation of ${id}`,
      () => findConversion(tools, id),
      (seen) => ends.includes(text(seen, 'state') ?? ''),
    )
    assert.ok(!text(task, 'importVolume', 'volume', 'id'), 'a cancelled import shows a volume')
    // The volume of a task has its digits in Eucalyptus.
    const volume = findVolume(tools, id.replace('import-', ''))
    await tools.refuses(volume, refusal('InvalidVolume.NotFound', 400))
  },
})

const refused = defineCase({
  ...common,
  id: 'imports/refusals',
  title: 'what cannot be imported is refused before there is a task, and a file of another cloud comes to nothing',
  covers: ['ImportVolume', 'CancelConversionTask', 'DescribeConversionTasks'],
  seconds: 2,
  async run(tools) {
    const { ec2 } = tools.administrator
    const file = randomDisk('RAW')
    const upload = await prepareImport(tools, file)
    const invalid = { eucalyptus: refusal('400', 500), aws: refusal('InvalidParameterValue', 400) }
    await tools.refuses(importVolume(tools, { ...file, format: 'VDI' as never }, upload), invalid)
    await tools.refuses(importVolume(tools, { ...file, diskBytes: 2 ** 30 + 1 }, upload), invalid)
    const tasks = JSON.stringify(await ec2.call('DescribeConversionTasks'))
    assert.ok(!tasks.includes(upload.bucket), 'there is a task of an import that was refused')
    // Eucalyptus looks at the URL when it looks for the manifest: then there is a task, and it comes to nothing.
    const manifestUrl = `http://192.0.2.1/${upload.bucket}/${upload.manifestKey}`
    const elsewhere = importVolume(tools, file, { ...upload, manifestUrl })
    if (tools.target.fidelity === 'eucalyptus' && (await isTaken(elsewhere))) {
      const task = await elsewhere
      const state = async () => text(await findConversion(tools, task), 'state')
      await tools.until(`${task} cancelled`, state, (now) => now === 'cancelled', 120)
    } else await tools.refuses(elsewhere, invalid)
    const ConversionTaskId = 'import-vol-00000000'
    const unknown = refusal('InvalidConversionTaskId', 400)
    await tools.refuses(ec2.call('CancelConversionTask', { ConversionTaskId }), {
      eucalyptus: refusal('400', 500, /Conversion task not found/),
      aws: unknown,
    })
    if (tools.target.fidelity === 'aws') await tools.refuses(findConversion(tools, ConversionTaskId), unknown)
    else assert.equal(await findConversion(tools, ConversionTaskId), undefined)
  },
})

export default [...whole, interrupted, expired, cancelled, refused]
