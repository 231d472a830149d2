import CreateTags from '../ec2/tag/CreateTags.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  ['tag-value-is-cut-off', 'Of a long tag only the beginning is kept, as where its column is shorter than the limit.'],
  CreateTags,
  (run) => (cloud, input, call) => {
    // What is longer than the limit is refused as ever.
    const Tag = input.Tag.map((tag) => ({ ...tag, Value: tag.Value?.replace(/^(.{128}).{0,127}$/s, '$1') }))
    return run(cloud, { ...input, Tag }, call)
  },
)
