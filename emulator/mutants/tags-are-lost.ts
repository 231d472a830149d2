import CreateTags from '../ec2/tag/CreateTags.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['tags-are-lost', 'Tags are taken and not kept, as where resources have a fixed set of columns.'],
  CreateTags,
  () => async () => ({ return: true }),
)
