import type { Fidelity } from '../../../src/protocol/faults.ts'
import { list, optional, type Shape, struct, text } from '../../../src/protocol/shape.ts'
import { fault } from '../faults.ts'
import type { Tag } from './tags.ts'

/** Any text, also an empty one, or nothing. */
export const textOrNothing: Shape<string | undefined> = { ...text, missing: () => undefined }

/** `Tag.n.Key`, `Tag.n.Value`, as requests have them. */
export const tagList = list(struct({ Key: optional(text), Value: optional(text) }))

/** How long keys and values may be, whose prefixes nobody may use, and whether blanks around them go. */
const rules = {
  eucalyptus: { key: 127, value: 255, reserved: /^(?:aws|euca):/, tidy: (word: string) => word.trim() },
  aws: { key: 128, value: 256, reserved: /^aws:/i, tidy: (word: string) => word },
} as const

/** The most tags that a resource may have. */
export const mostTags = 50

/** Whether a key is one of the cloud's own. */
export const isReserved = (fidelity: Fidelity, key: string): boolean => rules[fidelity].reserved.test(key)

/** Tags as they are kept. Throws the faults for keys and values that may not be, and for a key given twice. */
export function checkedTags(
  fidelity: Fidelity,
  sent: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[],
): Tag[] {
  const { key: longestKey, value: longestValue, tidy } = rules[fidelity]
  const seen = new Set<string>()
  return sent.map(({ Key = '', Value = '' }) => {
    if (isReserved(fidelity, Key)) throw fault('tagReserved')
    const [key, value] = [tidy(Key), tidy(Value)]
    if (key === '' || key.length > longestKey) throw fault('tagKeyLength')
    if (value.length > longestValue) throw fault('tagValueLength')
    if (seen.has(key)) throw fault('tagKeyTwice', key)
    seen.add(key)
    return { key, value }
  })
}
