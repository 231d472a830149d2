/** An error as Node's own sockets have it. */
export function connectionError(code: string, text: string): Error {
  return Object.assign(new Error(`${text} (${code})`), { code })
}
