import { copyFile } from 'node:fs/promises'
import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'instance-store-disk-is-reset',
    'A reboot gives an instance the disk of its image again, as where booting and launching are one thing.',
  ],
  'hypervisor',
  (hypervisor) => {
    const launched = new Set<string>()
    return over(hypervisor, {
      async start(spec, options) {
        for (const { file } of spec.drives.slice(0, 1)) {
          if (launched.has(file)) await copyFile(`${file}.new`, file)
          else await copyFile(file, `${file}.new`)
          launched.add(file)
        }
        return hypervisor.start(spec, options)
      },
    })
  },
)
