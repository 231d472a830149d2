import { aroundS3 } from './mutant.ts'

export default aroundS3(
  ['range-is-off-by-one', 'The last byte of a range is left out, as where ends are counted as those of a slice.'],
  'GetObject',
  (run) => (world, call, found) => {
    const range = call.headers['range']?.replace(/-([1-9]\d*)$/, (_, end) => `-${Number(end) - 1}`)
    return run(world, { ...call, headers: { ...call.headers, range } }, found)
  },
)
