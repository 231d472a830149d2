import { optional, text } from '../../../src/protocol/shape.ts'
import { operation } from '../operation.ts'
import { keepConversion } from './conversion.ts'
import { startConversion } from './conversion-job.ts'
import { conversionView } from './conversion-view.ts'
import { checkedDisk, diskImage, diskVolume, importZone } from './import-request.ts'

/**
 * Makes a task that imports a disk file into a new volume. The file is uploaded in parts before or after; the manifest
 * at the URL lists them (eucalyptus-behaviour.md section 4).
 */
export default operation('ImportVolume', {
  input: {
    AvailabilityZone: optional(text),
    Image: diskImage,
    Volume: diskVolume,
    Description: optional(text),
  },
  async run(cloud, { AvailabilityZone, Image, Volume, Description }, { caller }) {
    const task = await cloud.store.change((draft) => {
      const zone = importZone(cloud, AvailabilityZone)
      const disk = checkedDisk(cloud, draft, Image, Volume)
      const described = Description === undefined ? {} : { description: Description }
      return keepConversion(cloud, draft, caller, { zone, disks: [disk], ...described })
    })
    startConversion(cloud, task.id)
    return { conversionTask: conversionView(cloud, task) }
  },
})
