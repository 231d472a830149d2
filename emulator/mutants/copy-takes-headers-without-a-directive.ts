import { aroundS3 } from './mutant.ts'

/** Headers of a request that an object keeps. */
const kept = /^(?:content-(?:type|encoding|language|disposition)|cache-control|expires|x-amz-meta-.*)$/

export default aroundS3(
  [
    'copy-takes-headers-without-a-directive',
    'A copy has the metadata of its request as soon as that has some, as where the directive is asked for only when sent.',
  ],
  'CopyObject',
  (run) => (world, call, found) => {
    const hasOwn = Object.keys(call.headers).some((name) => kept.test(name))
    if (!hasOwn || call.headers['x-amz-metadata-directive'] !== undefined) return run(world, call, found)
    return run(world, { ...call, headers: { ...call.headers, 'x-amz-metadata-directive': 'REPLACE' } }, found)
  },
)
