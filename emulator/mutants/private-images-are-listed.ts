import DescribeImages from '../ec2/image/DescribeImages.ts'
import { aroundOperation, readAs } from './mutant.ts'

export default aroundOperation(
  [
    'private-images-are-listed',
    'Images of other accounts are listed although they are not shared, as where only launches are restricted.',
  ],
  DescribeImages,
  (run) => (cloud, input, call) =>
    run(
      { ...cloud, images: readAs(cloud.images, (image) => ({ ...image, permissions: [call.caller.accountId] })) },
      input,
      call,
    ),
)
