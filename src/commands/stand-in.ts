const words: Record<string, string> = {
  EACCES: 'no right to listen there',
  EADDRINUSE: 'another program listens on that port of all addresses',
  EADDRNOTAVAIL: 'this host has 127.0.0.1 alone',
}

/** Why a port of a public address cannot be listened on, by the code of the error; the code where nobody foresaw it. */
export function whyStandIn(code: string): string {
  return words[code] ?? code
}
