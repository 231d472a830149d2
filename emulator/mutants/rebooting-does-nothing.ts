import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'rebooting-does-nothing',
    'A reboot is answered and nothing happens, as where the node looks away from a guest that is busy.',
  ],
  'machines',
  (machines) => over(machines, { reboot: () => undefined }),
)
