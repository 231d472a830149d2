/** Which cloud is spoken: the words of Eucalyptus 6.0.0 or those of AWS. */
export type Fidelity = 'eucalyptus' | 'aws'

/** What a client sees of a fault: the code, the HTTP status and the sentence. */
export interface FaultFace {
  readonly code: string
  readonly status: number
  readonly message: (...details: string[]) => string
}

/** One row of a fault table: the face in Eucalyptus, and what differs in AWS. */
export interface FaultRow extends FaultFace {
  readonly aws?: Partial<FaultFace>
}

/** An error that the client is meant to see. Thrown by operations, rendered by the dialect of their service. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly row: FaultRow
  readonly details: readonly string[]
  /** Further elements of the error document, such as Resource or StringToSign. */
  readonly fields: Readonly<Record<string, string>>

  constructor(
    row: FaultRow,
    details: readonly string[],
    options: { fields?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(row.message(...details), options.cause === undefined ? undefined : { cause: options.cause })
    this.row = row
    this.details = details
    this.fields = options.fields ?? {}
  }

  /** Code, status and text as the given fidelity shows them. */
  face(fidelity: Fidelity): { code: string; status: number; message: string } {
    const { code, status, message } = fidelity === 'aws' ? { ...this.row, ...this.row.aws } : this.row
    return { code, status, message: message(...this.details) }
  }
}

/** Makes a thrower's helper from a table: `throw fault('volumeInUse', id)`. The table is the service's whole list. */
export function faults<Table extends Record<string, FaultRow>>(table: Table) {
  return (name: keyof Table & string, ...details: string[]): Fault => {
    const row = table[name]
    if (!row) throw new Error(`no fault is named ${name}`)
    return new Fault(row, details)
  }
}
