import { s3Operation } from '../operation.ts'
import { represent } from './representation.ts'

/** Streams an object or a part of it. */
export default s3Operation('GetObject', {
  route: { method: 'GET', of: 'object' },
  access: { opens: 'READ' },
  run: represent,
})
