/** What a person has asked of the suite cannot be done, or makes no sense; the message tells what to do. */
export class ConformanceRefused extends Error {
  override readonly name = 'ConformanceRefused'
}

/** What a file of that name holds. Throws ConformanceRefused when it is no JSON. */
export function jsonOf(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConformanceRefused(`${name} is no JSON: ${why}`, { cause })
  }
}
