import { CommandFailed } from './data-folder.ts'

/** How one run of an image went. */
export interface Trial {
  readonly name: string
  readonly virtualization: 'hvm' | 'paravirtual'
  readonly login?: string
  /** `kvm`, `tcg`, … */
  readonly accelerator: string
  /** What the doctor says of QEMU. */
  readonly node: string
  readonly booted: boolean
  /** Whether ssh logged in with a key pair. */
  readonly loggedIn: boolean
  /** What went wrong. */
  readonly why?: string
  /** Such as `2026-11-23`. */
  readonly date: string
  /** Of euca-emu. */
  readonly version: string
}

/** The trials that a file holds. Throws CommandFailed when it holds something else: it is written over otherwise. */
export function parseTrials(text: string, path: string): Trial[] {
  const found: unknown = JSON.parse(text)
  const isTrial = (one: unknown) => typeof one === 'object' && one !== null && 'name' in one && 'accelerator' in one
  if (!Array.isArray(found) || !found.every(isTrial))
    throw new CommandFailed(`${path} holds something else than trials`)
  return found as Trial[]
}

/** The trials with a new one, which takes the place of that of the same image on the same accelerator; in order. */
export function withTrial(trials: readonly Trial[], trial: Trial): Trial[] {
  const { name, accelerator } = trial
  const others = trials.filter((one) => one.name !== name || one.accelerator !== accelerator)
  const key = (one: Trial) => `${one.name} ${one.accelerator}`
  return [...others, trial].sort((one, other) => (key(one) < key(other) ? -1 : 1))
}

/** The page of docs/guests.md. */
export function trialsTable(trials: readonly Trial[]): string {
  const rows = trials.map((trial) => {
    const { name, virtualization, accelerator, booted, date, login, loggedIn, node, version } = trial
    const user = login === undefined ? 'nobody' : `${login}${loggedIn ? '' : ' (not reached)'}`
    return [name, virtualization, booted ? 'yes' : 'no', accelerator, user, date, `${node}; euca-emu ${version}`]
  })
  const head = ['image', 'virtualization', 'booted', 'accelerator', 'log in as', 'when', 'on']
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return `# Guests that were booted

Written by \`euca-emu catalog try NAME --record docs/guests.json\`: each row is a run of its own, on a fresh cloud, with the
console read up to the line that proves a boot and a login by ssh with a key pair.

${[head, head.map(() => '---'), ...rows].map(line).join('\n')}
`
}
