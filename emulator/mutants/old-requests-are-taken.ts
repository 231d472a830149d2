import { aroundEngine } from './mutant.ts'

/** When a request of version 4 or 2 says that it was signed. */
function timeOf(headers: readonly (readonly [string, string])[], rawQuery: string): Date | undefined {
  const query = new URLSearchParams(rawQuery)
  const stamp = headers.find(([name]) => name === 'x-amz-date')?.[1] ?? query.get('X-Amz-Date') ?? ''
  const [, ...fields] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(stamp) ?? []
  const [year, month, day, hour, minute, second] = fields
  return year ? new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) : undefined
}

export default aroundEngine(
  [
    'old-requests-are-taken',
    'A request of EC2 may be sent again for ever, as where dates are signed but never compared with the clock.',
  ],
  'signatures',
  (authenticate) => (request, lookUp, now, rules) => {
    const signed = request.service === 's3' ? undefined : timeOf(request.headers, request.rawQuery)
    return authenticate(request, lookUp, signed && signed < now ? signed : now, rules)
  },
)
