import { aroundEngine } from './mutant.ts'

/** The time at which a URL of either version was still good. */
function timeOf(rawQuery: string): Date | undefined {
  const query = new URLSearchParams(rawQuery)
  const [, ...fields] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? []
  const [year, month, day, hour, minute, second] = fields
  if (year) return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return query.has('Expires') ? new Date((Number(query.get('Expires')) - 1) * 1000) : undefined
}

export default aroundEngine(
  [
    'presigned-url-never-ends',
    'A presigned URL is taken after its time, as where only its signature is computed again.',
  ],
  'signatures',
  (authenticate) => (request, lookUp, now, rules) =>
    authenticate(request, lookUp, (request.service === 's3' && timeOf(request.rawQuery)) || now, rules),
)
