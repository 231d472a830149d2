/** A document that is no policy, or has what this cloud does not evaluate: it is refused rather than misread. */
export class MalformedPolicy extends Error {
  override readonly name = 'MalformedPolicy'
}

/** An object of JSON. */
export type Json = { readonly [name: string]: unknown }

/** Whether a value of JSON is an object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text or a list of texts, as a list. Throws MalformedPolicy; variables in them count as malformed. */
export function textsIn(value: unknown, what: string): string[] {
  const all = Array.isArray(value) ? value : [value]
  if (!all.length || !all.every((one): one is string => typeof one === 'string')) {
    throw new MalformedPolicy(`${what} must be a text or a list of texts`)
  }
  const variable = all.find((one) => one.includes('${'))
  if (variable !== undefined) throw new MalformedPolicy(`${variable}: variables are not evaluated by this cloud`)
  return all
}

/** Whether `text` fits a pattern in which `*` is any text and `?` any character; in one pass, however many stars there are. */
export function fits(pattern: string, text: string): boolean {
  let [at, star, mark] = [0, -1, 0]
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++
      mark = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      index = ++mark
    } else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
