import type { Hypervisor } from './node/hypervisor.ts'

/** A hypervisor whose starts wait until `open`, or until they are broken off. */
export function gatedHypervisor() {
  const starting: string[] = []
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const around = (hypervisor: Hypervisor): Hypervisor => ({
    ...hypervisor,
    start: async (spec, options = {}) => {
      starting.push(spec.id)
      const brokenOff = new Promise<never>((_, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason), { once: true })
      })
      await Promise.race([opened, brokenOff])
      return hypervisor.start(spec, options)
    },
  })
  return { around, starting, open: () => open() }
}
