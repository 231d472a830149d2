import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'sub-resource-is-not-signed',
    'Version 2 leaves acl out of what it signs, so that who may read an object reads and changes its ACL by the same URL.',
  ],
  'signatures',
  (authenticate) =>
    (request, ...rest) => {
      const isVersion2 =
        request.rawQuery.includes('AWSAccessKeyId=') || request.headers.some(([, value]) => /^AWS [^:]+:/.test(value))
      const rawQuery = request.rawQuery.replace(/^acl(?:&|$)/, '')
      return authenticate(isVersion2 ? { ...request, rawQuery } : request, ...rest)
    },
)
