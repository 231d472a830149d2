import { optional, type Shape, struct, text } from '../../../src/protocol/shape.ts'

/** What a client tells of its upload, which changes nothing. */
export const clientData: Shape<unknown> = optional(
  struct({
    Comment: optional(text),
    UploadEnd: optional(text),
    UploadSize: optional(text),
    UploadStart: optional(text),
  }),
)
