/**
 * A life cycle as data: what each state shows to clients, and which event leads where. The type makes the table total
 * and closed: a missing row or an unknown next state does not compile.
 */
export type Life<State extends string, Event extends string> = Readonly<
  Record<State, { readonly shows?: string; readonly on: Readonly<Partial<Record<Event, State>>> }>
>

/** An event that the current state does not allow; services turn it into their IncorrectState fault. */
export class IllegalMove extends Error {
  override readonly name = 'IllegalMove'
  readonly state: string
  readonly event: string
  constructor(state: string, event: string) {
    super(`${event} is not possible in the state ${state}`)
    this.state = state
    this.event = event
  }
}

/** The state that follows. Throws IllegalMove. */
export function move<State extends string, Event extends string>(
  life: Life<State, Event>,
  state: State,
  event: Event,
): State {
  const next = life[state].on[event]
  if (next === undefined) throw new IllegalMove(state, event)
  return next
}

/** The state's name as clients see it. */
export function shown<State extends string>(life: Life<State, never>, state: State): string {
  return life[state].shows ?? state
}
