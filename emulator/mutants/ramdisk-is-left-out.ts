import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  ['ramdisk-is-left-out', 'A paravirtual instance boots without its ramdisk, as where the loader takes kernels only.'],
  'hypervisor',
  (hypervisor) =>
    over(hypervisor, {
      start: (spec, options) => {
        const { boot } = spec
        if (boot.kind !== 'kernel') return hypervisor.start(spec, options)
        const { ramdisk: _, ...bare } = boot
        return hypervisor.start({ ...spec, boot: bare }, options)
      },
    }),
)
