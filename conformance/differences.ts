/** A case whose failure on a target is known: data, and never a condition inside a case. */
export interface Difference {
  /** The target's name. */
  readonly target: string
  /** The case's id. */
  readonly case: string
  readonly reason: string
  /** Where it is written down. */
  readonly link: string
}

/** The known differences. One whose case passes fails the run, so that none outlives its reason. */
export const differences: readonly Difference[] = []
