import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['delete-several-leaves-the-last', 'The last of several objects to delete is left, as where a loop ends one early.'],
  'DeleteObjects',
  (run) => (world, call, found) => {
    const objects = call.content.toString().match(/<Object>.*?<\/Object>/gs) ?? []
    if (objects.length < 2) return run(world, call, found)
    const content = Buffer.from(call.content.toString().replace(objects.at(-1) ?? '', ''))
    return run(world, { ...call, content }, found)
  },
)
