import DeregisterImage from '../ec2/image/DeregisterImage.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deregistering-deletes-the-parts',
    'The parts of a bundle go with the image that was registered of it, as where they are counted to it alone.',
  ],
  DeregisterImage,
  (run) => async (cloud, input, call) => {
    const { location = '' } = cloud.images.get(input.ImageId) ?? {}
    const answer = await run(cloud, input, call)
    const [bucket = '', name = ''] = location.split('/')
    if (!(await cloud.objects.findBucket(bucket))) return answer
    const prefix = name.replace('manifest.xml', 'part.')
    const { entries } = await cloud.objects.listObjects(bucket, { prefix, delimiter: '', after: '', limit: 1000 })
    for (const entry of entries) if ('row' in entry) await cloud.objects.deleteObject(bucket, entry.row.key)
    return answer
  },
)
