/** What a person has asked of the suite cannot be done, or makes no sense; the message tells what to do. */
export class ConformanceRefused extends Error {
  override readonly name = 'ConformanceRefused'
}
