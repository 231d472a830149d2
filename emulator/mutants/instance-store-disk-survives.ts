import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { aroundEngine, over } from './mutant.ts'

export default aroundEngine(
  [
    'instance-store-disk-survives',
    'A new instance finds the disk of the one that was terminated before it, as where blocks are handed on as they are.',
  ],
  'hypervisor',
  (hypervisor) => {
    const seen = new Set<string>()
    let kept: string | undefined
    return over(hypervisor, {
      async start(spec, options) {
        const [root] = spec.drives
        if (root && kept && !seen.has(root.file)) await copyFile(kept, root.file)
        if (root) seen.add(root.file)
        const machine = await hypervisor.start(spec, options)
        const ended = machine.ended.then(async (end) => {
          if (!root) return end
          kept = join(dirname(dirname(root.file)), 'kept')
          await copyFile(root.file, kept)
          return end
        })
        const end = async () => {
          await machine.end()
          await ended
        }
        return over(machine, { ended, end })
      },
    })
  },
)
