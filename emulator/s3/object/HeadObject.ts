import { s3Operation } from '../operation.ts'
import { outline } from './representation.ts'

/** What GetObject would answer, without the bytes. */
export default s3Operation('HeadObject', {
  route: { method: 'HEAD', of: 'object' },
  access: { opens: 'READ' },
  run: outline,
})
