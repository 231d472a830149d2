import { Fault } from '../../../src/protocol/faults.ts'
import type { Caller, Operation } from '../../../src/protocol/operation.ts'
import { nest } from '../../../src/protocol/query.ts'
import { type Fields, readFields } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'

/**
 * Runs another operation for the one whose task this is, with all of its checks; parameters that are undefined are left
 * out. Throws its faults.
 */
export function onBehalf<Input extends Fields>(
  cloud: Cloud,
  caller: Caller,
  operation: Operation<Cloud, Input>,
  parameters: Readonly<Record<string, string | undefined>>,
): ReturnType<Operation<Cloud, Input>['run']> {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return operation.run(cloud, readFields(operation.input, nest(pairs)), { caller, requestId: cloud.ids.uuid() })
}

/** Does what may be impossible by now: a fault is no failure then. */
export async function unlessRefused(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
  }
}
