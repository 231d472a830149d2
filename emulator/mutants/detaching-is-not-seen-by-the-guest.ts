import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'detaching-is-not-seen-by-the-guest',
    'A volume is available again while the guest still has it, as where the record is changed and the bus is not told.',
  ],
  'hypervisor',
  (hypervisor) =>
    over(hypervisor, {
      async start(spec, options) {
        const machine = await hypervisor.start(spec, options)
        return over(machine, { unplug: async () => 'unplugged' })
      },
    }),
)
