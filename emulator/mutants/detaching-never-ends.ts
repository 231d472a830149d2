import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'detaching-never-ends',
    'A volume that is detached stays detaching, as where the node never says that the guest has let go.',
  ],
  'disks',
  (disks) => over(disks, { unplug: () => undefined }),
)
