import type { Wire } from '../clients.ts'
import { recordingFetch, recordingSend, recordingTransport, type Take } from './carriers.ts'
import type { Transcript } from './exchange.ts'
import { KeptBytes } from './kept-bytes.ts'
import { exchangeOf, secretsOf, type Taken } from './taken.ts'

/** Keeps a record of what a case sends and receives. */
export interface Recorder {
  /** Carries the requests of the case's clients. */
  readonly wire: Wire
  /** Says that all that follows clears up after the case. */
  beginCleanUp(): void
  /** The lasting secrets that were seen on the wire. */
  secrets(): string[]
  /** What was recorded so far, without these secrets, and without all that its name says to be one. */
  transcript(secrets: readonly string[]): Transcript
}

/** Of a case that waits for long, these many first and last exchanges are kept. */
const [keptFirst, keptLast] = [100, 300]

/** A recorder for one case that begins now. */
export function createRecorder(): Recorder {
  const began = performance.now()
  const [first, last]: [Taken[], Taken[]] = [[], []]
  let [leftOut, cleanUp] = [0, false]
  const all = () => [...first, ...last]
  const take: Take = (method, url, headers) => {
    const since = performance.now()
    const taken: Taken = { since, method, url, headers, body: new KeptBytes(), milliseconds: 0, cleanUp }
    if (first.length < keptFirst) first.push(taken)
    else if (last.push(taken) > keptLast) {
      last.shift()
      leftOut += 1
    }
    return taken
  }
  return {
    wire: { send: recordingSend(take), transport: recordingTransport(take), fetch: recordingFetch(take) },
    beginCleanUp: () => {
      cleanUp = true
    },
    secrets: () => [...new Set(all().flatMap(secretsOf))],
    transcript: (secrets) => ({ exchanges: all().map((taken) => exchangeOf(taken, began, secrets)), leftOut }),
  }
}
