import { MalformedPolicy } from '../../../src/protocol/policy.ts'
import { fault } from '../faults.ts'

/** Reads a document as a policy of its kind. Throws the fault for one that is none. */
export function checkDocument(read: (text: string) => unknown, text: string): void {
  try {
    read(text)
  } catch (error) {
    if (error instanceof MalformedPolicy) throw fault('malformedPolicy', error.message)
    throw error
  }
}
