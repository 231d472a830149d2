/** Why a manifest cannot be read; the EC2 service maps each to its fault. */
export type UnreadableKind = 'location' | 'missing' | 'denied' | 'too-big' | 'malformed'

/** A manifest that cannot be read. The message is one sentence that names the location. */
export class ManifestUnreadable extends Error {
  override readonly name = 'ManifestUnreadable'
  readonly kind: UnreadableKind

  constructor(kind: UnreadableKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** An image that cannot be made ready for launch. The message is one sentence, fit for an instance's state reason. */
export class TemplateFailed extends Error {
  override readonly name = 'TemplateFailed'
}
