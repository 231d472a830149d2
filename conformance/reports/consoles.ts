import { setTimeout as pause } from 'node:timers/promises'
import { clientsOf } from '../clients.ts'
import { consoleOf } from '../guest.ts'
import type { Target } from '../target.ts'
import { actionOf, type Exchange } from './exchange.ts'

/** What an instance of a case has said on its serial console. */
export interface ConsoleText {
  readonly instance: string
  /** The end of it, as much as a transcript shows of a body. */
  readonly text: string
}

/** How many characters of a console are kept: the last ones, as what went wrong is told at the end. */
const keptCharacters = 64 * 1024

/** A cloud may take so many seconds to tell a console: nobody waits longer for what only explains a failure. */
const patience = 15

const makesInstances = new Set(['RunInstances', 'ImportInstance'])

/** No case makes more instances; what a cloud says may name thousands. */
const mostInstances = 10

/** The instances that a case has made, by what it was answered. */
export function instancesIn(exchanges: readonly Exchange[]): string[] {
  const answers = exchanges.filter((one) => makesInstances.has(actionOf(one) ?? ''))
  const ids = answers.flatMap(({ answer }) => [...(answer?.body?.text ?? '').matchAll(/<instanceId>(i-\w+)</g)])
  return [...new Set(ids.map(([, id = '']) => id))].slice(0, mostInstances)
}

/** The console of an instance, by whichever account may see it; when none may, why. Never throws. */
async function read(target: Target, instance: string): Promise<string> {
  const accounts = [target.administrator, ...(target.user ? [target.user] : [])]
  const reasons: string[] = []
  for (const account of accounts) {
    try {
      return (await consoleOf(clientsOf(target, account), instance)).slice(-keptCharacters)
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  return `(it could not be read: ${reasons.join('; ')})`
}

/** The consoles of these instances, as far as the cloud tells them in time. Never throws. */
export function readConsoles(target: Target, instances: readonly string[]): Promise<ConsoleText[]> {
  return Promise.all(
    instances.map(async (instance) => {
      const giveUp = new AbortController()
      const late = pause(patience * target.timeScale * 1000, '(it did not come in time)', { signal: giveUp.signal })
      const text = await Promise.race([read(target, instance), late])
      giveUp.abort()
      await late.catch(() => undefined)
      return { instance, text }
    }),
  )
}
