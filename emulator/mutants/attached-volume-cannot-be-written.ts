import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'attached-volume-cannot-be-written',
    'A volume that is attached can only be read, as where a second writer is feared.',
  ],
  'hypervisor',
  (hypervisor) =>
    over(hypervisor, {
      async start(spec, options) {
        const machine = await hypervisor.start(spec, options)
        return over(machine, { plug: (drive) => machine.plug({ ...drive, readOnly: true }) })
      },
    }),
)
