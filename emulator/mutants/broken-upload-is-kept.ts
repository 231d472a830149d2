import { Readable } from 'node:stream'
import { aroundS3 } from './mutant.ts'

/** What came of a body until it broke off, as if that had been all of it. */
async function* untilBroken(body: Readable): AsyncGenerator<Buffer> {
  try {
    yield* body
  } catch {
    // That is the bug.
  }
}

export default aroundS3(
  [
    'broken-upload-is-kept',
    'An upload that breaks off is stored as far as it came, as of a gateway to which the end of a connection ends a body.',
  ],
  'PutObject',
  (run) => (world, call, found) =>
    run(world, { ...call, digests: undefined, stream: () => Readable.from(untilBroken(call.stream())) }, found),
)
