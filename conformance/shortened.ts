import { withoutControls } from './reports/markup.ts'

/** What a cloud says may be as long as it likes; nobody reads more characters than this of it. */
const longest = 4000

/** A text of a size that a report can hold. What is cut off ends between words: half of a secret would not be known as one. */
export const shortened = (text: string): string =>
  text.length > longest ? `${text.slice(0, longest).replace(/\S{0,200}$/, '')}… (${text.length} characters)` : text

/** What a cloud has said, for a terminal. */
export const printable = (text: string): string => shortened(withoutControls(text))
