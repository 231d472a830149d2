import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'ephemeral-disk-is-left-out',
    'An instance has its root only, as on a node that has no room for the disks of its type.',
  ],
  'hypervisor',
  (hypervisor) =>
    over(hypervisor, {
      start: (spec, options) =>
        hypervisor.start({ ...spec, drives: spec.drives.filter(({ id }) => !id.startsWith('ephemeral')) }, options),
    }),
)
