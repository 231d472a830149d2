import { createHash } from 'node:crypto'

/** The bytes of an object, by what makes them: a token, again and again. */
export interface Content {
  readonly token: string
  readonly size: number
}

/** The bytes themselves. */
export const bytesOf = ({ token, size }: Content): Buffer => Buffer.alloc(size, `${token} `)

/** Whether bytes are those of a content; `undefined` on both sides is an object that is not there. */
export function isContent(bytes: Buffer | undefined, content: Content | undefined): boolean {
  if (!bytes || !content) return !bytes && !content
  const digest = (of: Buffer) => createHash('md5').update(of).digest('hex')
  return bytes.length === content.size && digest(bytes) === digest(bytesOf(content))
}

/** What one key may hold: what was acknowledged last, or what was asked since and not answered. */
export interface KeyModel {
  readonly bucket: string
  readonly key: string
  acknowledged: Content | undefined
  /** Undefined when nothing is under way; its content is undefined for a deletion. */
  pending: { readonly content: Content | undefined } | undefined
  /** Versions that were acknowledged, by id; and those whose removal was asked for and not answered. */
  readonly versions: Map<string, Content>
  readonly removing: Set<string>
}

/** A key that holds nothing yet. */
export const newKey = (bucket: string, key: string): KeyModel => {
  return { bucket, key, acknowledged: undefined, pending: undefined, versions: new Map(), removing: new Set() }
}

/** What is wrong with what a key holds after a crash, or undefined; from then on the model holds what was found. */
export function settle(model: KeyModel, found: Buffer | undefined): string | undefined {
  const { bucket, key, acknowledged, pending } = model
  model.pending = undefined
  if (pending && isContent(found, pending.content)) {
    model.acknowledged = pending.content
    return undefined
  }
  if (isContent(found, acknowledged)) return undefined
  const seen = found ? `${found.length} bytes that begin with "${found.toString('latin1', 0, 20)}"` : 'nothing'
  return `${bucket}/${key} holds ${seen}, and not ${JSON.stringify(acknowledged)} nor ${JSON.stringify(pending)}`
}
