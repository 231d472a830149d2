import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'console-of-another-instance',
    'The console output is that of the instance that was asked about before, as where answers are cached without the id.',
  ],
  'machines',
  (machines) => {
    let earlier: string | undefined
    return over(machines, {
      console: (id) => {
        const shown = earlier ?? id
        earlier = id
        return machines.console(shown)
      },
    })
  },
)
