import { CommandFailed } from './data-folder.ts'

const units: Record<string, number> = { MiB: 2 ** 20, GiB: 2 ** 30 }

/** The bytes of a size such as `5GiB` or `512MiB`. Throws CommandFailed for anything else. */
export function diskSize(text: string): number {
  const [, number, unit = ''] = /^(\d{1,6})(MiB|GiB)$/.exec(text) ?? []
  const bytes = Number(number) * (units[unit] ?? Number.NaN)
  if (!(bytes > 0)) throw new CommandFailed(`--size takes a number with MiB or GiB behind it, not "${text}"`)
  return bytes
}
