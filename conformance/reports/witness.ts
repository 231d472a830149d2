import type { Case } from '../case.ts'
import type { Result, Watcher } from '../run.ts'
import type { Target } from '../target.ts'
import { type ConsoleText, instancesIn, readConsoles } from './consoles.ts'
import { askedLine, cameLine, fitting, lastOf, sizeOf, type Transcript } from './exchange.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { strikeOut } from './secrets.ts'

/** What is kept of a case besides its result. */
export interface Sighting {
  readonly transcript: Transcript
  readonly consoles: readonly ConsoleText[]
}

/** Keeps, of each case that fails, what it has said and heard. */
export interface Witness {
  /** Watches the next case, for a run. */
  watch(one: Case): Watcher
  /** Told of a result, it keeps or forgets what was seen. */
  onResult(result: Result): void
  sightingOf(id: string): Sighting | undefined
  /** A text without the secrets of the target, or any that was seen in a case that is kept. */
  safe(text: string): string
}

/** Characters that a run keeps of what was said, and a case of it: more would make reports that nothing can read. */
const room = { run: 48 * 2 ** 20, case: 2 ** 20, least: 16 * 1024 } as const

/** A witness of a run on a target; `all`: it keeps the transcripts of cases that pass as well. */
export function createWitness(target: Target, { all = false }: { all?: boolean } = {}): Witness {
  const secrets = new Set(
    [target.administrator, target.user].flatMap((account) =>
      account ? [account.secretAccessKey, account.sessionToken ?? ''].filter(Boolean) : [],
    ),
  )
  const open = new Map<string, { recorder: Recorder; consoles: readonly ConsoleText[] }>()
  const kept = new Map<string, Sighting>()
  const safe = (text: string) => strikeOut(text, [...secrets])
  let used = 0
  return {
    watch({ id }) {
      const recorder = createRecorder()
      open.set(id, { recorder, consoles: [] })
      return {
        wire: recorder.wire,
        async finish(_, failure) {
          recorder.beginCleanUp()
          if (!failure) return {}
          const transcript = recorder.transcript([...secrets, ...recorder.secrets()])
          open.set(id, { recorder, consoles: await readConsoles(target, instancesIn(transcript.exchanges)) })
          const last = lastOf(transcript)
          return last ? { asked: askedLine(last), came: cameLine(last) } : {}
        },
      }
    },
    onResult({ id, verdict }) {
      const seen = open.get(id)
      open.delete(id)
      if (!seen || (verdict !== 'failed' && !all)) return
      for (const secret of seen.recorder.secrets()) secrets.add(secret)
      const { exchanges, leftOut } = seen.recorder.transcript([...secrets])
      const free = Math.max(room.least, Math.min(room.case, room.run - used))
      const transcript = { exchanges: fitting(exchanges, free), leftOut }
      const consoles = seen.consoles.map(({ instance, text }) => ({ instance, text: safe(text).slice(-free) }))
      used += sizeOf(transcript) + consoles.reduce((sum, { text }) => sum + text.length, 0)
      kept.set(id, { transcript, consoles })
    },
    sightingOf: (id) => kept.get(id),
    safe,
  }
}
