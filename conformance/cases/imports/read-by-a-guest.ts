import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { resultOf, userDataScript } from '../../guest.ts'
import { type DiskFile, importVolume, prepareImport, untilImported } from '../../imports.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { registerStarter } from '../../starter.ts'
import type { Tools } from '../../tools.ts'
import { streamOptimised } from '../../vmdk.ts'
import { attachVolume, deleteLater } from '../../volumes.ts'

const KiB = 1024
const formats = ['RAW', 'VMDK'] as const

/** A disk with a hole, which a conversion may leave out and has to keep. */
const disk = () => Buffer.concat([randomBytes(600 * KiB), Buffer.alloc(900 * KiB), randomBytes(500 * KiB)])
const diskBytes = disk().length

async function imported(tools: Tools, format: DiskFile['format'], bytes: Buffer): Promise<string> {
  const file: DiskFile = { format, bytes: format === 'RAW' ? bytes : streamOptimised(bytes), diskBytes }
  const upload = await prepareImport(tools, file, { partBytes: 512 * KiB })
  await upload.putAll()
  const task = await untilImported(tools, await importVolume(tools, file, upload))
  const volume = text(task, 'importVolume', 'volume', 'id') ?? ''
  deleteLater(tools, volume)
  return volume
}

/** Waits for one more disk for each of the files, and tells its size and what it begins with. */
const script = userDataScript(
  `for format in ${formats.join(' ')}; do`,
  'old=$(ls /sys/block)',
  'result waits-$format',
  'until disk=$(ls /sys/block | grep -vxF "$old"); do usleep 100000; done',
  // A disk's node is there a moment before it can be opened.
  'until head -c 1 /dev/$disk > /dev/null 2>&1; do usleep 100000; done',
  'result sectors-$format $(cat /sys/block/$disk/size)',
  `result read-$format $(head -c ${diskBytes} /dev/$disk | sha256sum)`,
  'done',
)

export default defineCase({
  id: 'imports/read-by-a-guest',
  title: 'a running guest to which imported volumes are attached reads in them the bytes of their files',
  level: 'MUST',
  covers: ['ImportVolume', 'DescribeConversionTasks', 'AttachVolume', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'ebs', 'imports', 'boots-hvm', 'network'],
  source: 'eucalyptus-behaviour.md sections 4.1 to 4.3, and T3A of section 8; EC2 API Reference, ImportVolume',
  seconds: 40,
  cents: 1,
  async run(tools) {
    const files = formats.map((format) => ({ format, bytes: disk() }))
    const volumes: string[] = []
    for (const { format, bytes } of files) volumes.push(await imported(tools, format, bytes))
    const id = await runInstance(tools, { ImageId: await registerStarter(tools, 'hvm'), UserData: script })
    await untilRunning(tools, id)
    for (const [index, { format, bytes }] of files.entries()) {
      // Nothing is attached before the guest has seen the disks that it has without.
      await resultOf(tools, id, `waits-${format}`)
      await attachVolume(tools, volumes[index] ?? '', id, ['/dev/sdf', '/dev/sdg'][index] ?? '')
      const [read] = (await resultOf(tools, id, `read-${format}`)).split(' ')
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      assert.equal(read, sha256, `the volume that was imported as ${format} has other bytes than its file`)
      assert.equal(await resultOf(tools, id, `sectors-${format}`), String(2 ** 30 / 512), 'its size')
    }
  },
})
