import DeleteTags from '../ec2/tag/DeleteTags.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'tag-goes-whatever-its-value',
    'A tag is taken off though it has another value than the request says, as where only keys are looked at.',
  ],
  DeleteTags,
  (run) => (cloud, input, call) =>
    run(cloud, { ...input, Tag: input.Tag.map(({ Key }) => ({ Key, Value: undefined })) }, call),
)
